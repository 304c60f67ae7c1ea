// events: the directives of the events block: how many connections a worker holds, and how it accepts them.
#pragma once

#include <cstdint>

#include "pipeline/module.h"

namespace colmeia::modules {

struct EventsSettings {
  std::uint32_t worker_connections = 512;  // of one worker, listeners not counted
  bool multi_accept = false;               // accept all that wait at once, not one per event
  bool accept_mutex = false;               // as written; workers accept the same way with and without
};

extern const pipeline::Module kEvents;

}  // namespace colmeia::modules
