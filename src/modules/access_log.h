// access_log: writes a line about every exchange that is over, in the operator's format.
//
// Lines go to the worker's log::AccessLog of the same ordinal; the worker flushes them before its loop sleeps.
#pragma once

#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kAccessLog;

}  // namespace colmeia::modules
