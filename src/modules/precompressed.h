// Precompressed: gzip_static, brotli_static and zstd_static: instead of a file the one beside it that was compressed
// before, "page.html.gz" for "page.html".                     Phase: content, before static_files.
#pragma once

#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kPrecompressed;

}  // namespace colmeia::modules
