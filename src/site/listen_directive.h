// The `listen` directive: an address, and the options of its socket. It reads and judges the options; what the address
// means is the ListenerBuilder's affair (site/listeners.h).
#pragma once

#include "config/setters.h"
#include "site/core_module.h"

namespace colmeia::site {

// Adds one to draft.listens, or reports what is wrong with it.
void AddListen(CoreDraft& draft, const config::Call& call);

}  // namespace colmeia::site
