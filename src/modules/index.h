// index: answers requests for a folder (a path that ends with a slash) with one of its files.
//
// Phase: content. The file is served by an internal redirect, so that its own location decides about it.
#pragma once

#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kIndex;

}  // namespace colmeia::modules
