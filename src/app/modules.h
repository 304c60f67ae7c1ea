// The modules of this program, in pipeline order: the one place that lists them.
#pragma once

#include "pipeline/module.h"

namespace colmeia::app {

// Handlers of one phase, and filters, run in this order.
[[nodiscard]] const pipeline::ModuleList& Modules();

}  // namespace colmeia::app
