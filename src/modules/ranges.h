// ranges: sends the parts of a file that a Range field asks for.
//
// A filter, after conditional. Only GET has ranges (RFC 9110 14.2); whatever a Range field says, HEAD shows the whole.
#pragma once

#include "pipeline/module.h"

namespace colmeia::modules {

extern const pipeline::Module kRanges;

}  // namespace colmeia::modules
