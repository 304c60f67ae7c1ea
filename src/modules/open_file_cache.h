// open_file_cache: how modules look at files: always fresh, or by nginx's open_file_cache where the operator asks for
// it. And what a file that cannot be had means for the request.
#pragma once

#include <cstdint>
#include <string_view>

#include "files/store.h"
#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kOpenFileCache;

// What is under `path`, by the rules of the exchange's location. Questions of one exchange see one moment.
// REQUIRES: NUL-terminated as pipeline/path.h gives it.
[[nodiscard]] files::Lookup OpenFile(pipeline::Exchange& exchange, std::string_view path, files::Want want);

// Logs that `path` cannot be had, as nginx does (`open() "/path" failed (2: No such file or directory)`), and answers
// 404 for what is not there, 403 for what is forbidden, 500 for anything else. `call` is what failed.
[[nodiscard]] pipeline::Outcome RefuseFile(pipeline::Exchange& exchange, std::string_view path, int error,
                                           std::string_view call = "open()");

// Logs that the request's path leads out of root or alias, and answers 404. For names that pipeline/path.h did not
// give.
[[nodiscard]] pipeline::Outcome RefusePath(pipeline::Exchange& exchange);

// There is nothing under such a path, which is no cause for concern: ENOENT, ENOTDIR, ENAMETOOLONG.
[[nodiscard]] bool IsMissing(int error);

}  // namespace colmeia::modules
