// limit_req: requests of each key come no faster than a rate. More are delayed, and those above a burst are refused.
#pragma once

#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kLimitReq;

}  // namespace colmeia::modules
