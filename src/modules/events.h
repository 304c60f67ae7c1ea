// events: how a worker takes connections from its listeners, and how many it may have.
#pragma once

#include <cstdint>

#include "pipeline/module.h"

namespace colmeia::modules {

struct EventsSettings {
  std::uint32_t worker_connections = 512;
  bool multi_accept = false;
};

extern const pipeline::Module kEvents;

}  // namespace colmeia::modules
