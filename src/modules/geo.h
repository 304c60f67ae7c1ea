// geo: variables that follow the client's address, by networks or by ranges.
//
// No phase: an address is looked up when the variable is asked for, once in an exchange unless it is `volatile`.
#pragma once

#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kGeo;

}  // namespace colmeia::modules
