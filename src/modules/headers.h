// headers: adds fields to responses (add_header), and says how long they may be kept (expires).
//
// A filter, after ranges: it sees the status that the client will.
#pragma once

#include "pipeline/module.h"

namespace colmeia::modules {

extern const pipeline::Module kHeaders;

}  // namespace colmeia::modules
