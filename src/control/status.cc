#include "control/status.h"

namespace colmeia::control {

Health HealthOf(const ServerStatus& server) {
  return {.ok = server.state == "serving" && server.workers_ready >= server.workers_wanted,
          .state = server.state,
          .generation = server.generation,
          .workers_ready = server.workers_ready,
          .workers_wanted = server.workers_wanted,
          .uptime_ms = server.uptime_ms};
}

}  // namespace colmeia::control
