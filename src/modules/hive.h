// hive: shows the coordination of master and workers, live: as a page, as JSON, as metrics for Prometheus and as
// server-sent events. hive.md says what is served, field by field.
//
// Phase: content.
#pragma once

#include "site/module.h"

namespace colmeia::modules {

extern const site::Module kHive;

}  // namespace colmeia::modules
