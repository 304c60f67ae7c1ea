// headers: adds fields to responses (add_header), and says how long they may be kept (expires).
//
// A filter, after ranges: it sees the status that the client will.
#pragma once

#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kHeaders;

}  // namespace colmeia::modules
