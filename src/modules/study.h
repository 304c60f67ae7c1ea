// study: handlers that misbehave on purpose, to show what becomes of it. A server that does not say
// `study on` refuses them.
#pragma once

#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kStudy;

}  // namespace colmeia::modules
