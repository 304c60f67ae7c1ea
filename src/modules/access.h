// access: lets clients in or keeps them out by their address (nginx's allow and deny).
//
// Phase: access.
#pragma once

#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kAccess;

}  // namespace colmeia::modules
