// return: answers at once with a status, a text or a redirection.
//
// Phases: server rewrite (a server's own `return` comes before any location is chosen) and rewrite.
#pragma once

#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kReturn;

}  // namespace colmeia::modules
