// How handlers look at files: always fresh, or by nginx's open_file_cache where the operator asks for it. And what a
// file that cannot be had means for the request.
#pragma once

#include <string_view>

#include "files/store.h"
#include "pipeline/outcome.h"

namespace colmeia::pipeline {

class Exchange;

// What modules/open_file_cache makes of its directives.
struct OpenFileSettings {
  files::CacheRules rules;
};

// What is under `path`, by the rules of the exchange's location. Questions of one exchange see one moment.
// REQUIRES: NUL-terminated as pipeline/path.h gives it.
[[nodiscard]] files::Lookup OpenFile(Exchange& exchange, std::string_view path, files::Want want);

// Logs that `path` cannot be had, as nginx does (`open() "/path" failed (2: No such file or directory)`), and answers
// 404 for what is not there, 403 for what is forbidden, 500 for anything else. `call` is what failed.
[[nodiscard]] Outcome RefuseFile(Exchange& exchange, std::string_view path, int error,
                                 std::string_view call = "open()");

// Logs that the request's path leads out of root or alias, and answers 404. For names that pipeline/path.h did not
// give.
[[nodiscard]] Outcome RefusePath(Exchange& exchange);

// There is nothing under such a path, which is no cause for concern: ENOENT, ENOTDIR, ENAMETOOLONG.
[[nodiscard]] bool IsMissing(int error);

}  // namespace colmeia::pipeline
