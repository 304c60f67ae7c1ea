// The state of the hive as metrics, in the text format 0.0.4 of Prometheus.
//
// Counters never go down while a master lives: colmeia_* counts all workers that ever lived. colmeia_worker_* has one
// series for each process (labels slot, seat, generation, pid), which ends with it; what the ended ones had counted is
// in colmeia_ended_workers_*. Of one scrape, colmeia_x_total = colmeia_ended_workers_x_total +
// sum(colmeia_worker_x_total), exactly.
#pragma once

#include <string>

#include "modules/hive_facts.h"

namespace colmeia::modules {

[[nodiscard]] std::string HiveMetrics(const HiveFacts& facts);

}  // namespace colmeia::modules
