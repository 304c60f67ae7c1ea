// try_files: answers with the first of several paths that exists; the last one is a fall-back.
//
// Phase: precontent. A path that exists is served in the same location; only the fall-back chooses a location anew.
#pragma once

#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kTryFiles;

}  // namespace colmeia::modules
