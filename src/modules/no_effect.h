// no_effect: directives about machinery of nginx that colmeia does not have and does not need. They are checked for
// their place and their number of arguments, accepted, and told in one line.
#pragma once

#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kNoEffect;

}  // namespace colmeia::modules
