// limit_conn: no more than so many requests of each key are served at the same time.
#pragma once

#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kLimitConn;

}  // namespace colmeia::modules
