// Compression: gzip and brotli: responses in the content coding that the client likes best. What nginx's gzip module
// and the usual brotli module do, and more: variants of files that do not change are kept in memory (gzip_cache).
//
// It stands before ranges, which have nothing left to do for what it has taken.
#pragma once

#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kCompression;

}  // namespace colmeia::modules
