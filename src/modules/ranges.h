// ranges: sends the parts of a file that a Range field asks for.
//
// A filter, after conditional. Only GET has ranges (RFC 9110 14.2); whatever a Range field says, HEAD shows the whole.
#pragma once

#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kRanges;

}  // namespace colmeia::modules
