// split_clients: a variable that divides clients into parts of chosen sizes, always the same for the same text.
//
// No phase: the text is hashed when the variable is asked for, once in an exchange.
#pragma once

#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kSplitClients;

}  // namespace colmeia::modules
