// The modules of this program, in pipeline order: the one place that lists them.
#pragma once

#include "site/module.h"

namespace colmeia::app {

// Handlers of one phase, and filters, run in this order.
[[nodiscard]] const site::ModuleList& Modules();

}  // namespace colmeia::app
