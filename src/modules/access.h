// access: lets clients in or keeps them out by their address (nginx's allow and deny).
//
// Phase: access.
#pragma once

#include "pipeline/module.h"

namespace colmeia::modules {

extern const pipeline::Module kAccess;

}  // namespace colmeia::modules
