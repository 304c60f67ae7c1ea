// From a site to the plan that the master works from. This is where names of users become numbers and `auto` becomes a
// count, once for all workers.
#pragma once

#include "config/diagnostic.h"
#include "config/source.h"
#include "ipc/plan.h"
#include "site/site.h"

namespace colmeia::app {

// What cannot be resolved goes to `diagnostics`.
[[nodiscard]] ipc::Plan MakePlan(const site::Site& site, const config::Source& source,
                                 config::Diagnostics& diagnostics);

}  // namespace colmeia::app
