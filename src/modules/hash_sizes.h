// hash_sizes: directives that size nginx's hash tables. Ours size themselves, so these are accepted without effect.
#pragma once

#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kHashSizes;

}  // namespace colmeia::modules
