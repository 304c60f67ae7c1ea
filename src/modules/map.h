// map: variables that follow others by a table: of texts, of host names with wildcards, and of regular expressions.
//
// No phase: a variable is looked up when it is asked for, once in an exchange unless it is `volatile`.
#pragma once

#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kMap;

}  // namespace colmeia::modules
