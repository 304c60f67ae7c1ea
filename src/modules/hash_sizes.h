// hash_sizes: directives that size nginx's hash tables. Ours size themselves, so these are accepted without effect.
#pragma once

#include "pipeline/module.h"

namespace colmeia::modules {

extern const pipeline::Module kHashSizes;

}  // namespace colmeia::modules
