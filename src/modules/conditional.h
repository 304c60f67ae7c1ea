// conditional: answers 304 when the client's copy is still good, and 412 when a precondition does not hold.
//
// A filter; it comes before ranges, because a copy that is good needs no part sent.
#pragma once

#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kConditional;

}  // namespace colmeia::modules
