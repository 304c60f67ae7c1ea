// events: the directives of the events block: how many connections a worker holds, and how it accepts them.
#pragma once

#include <cstdint>

#include "config/source.h"
#include "ipc/accept_by.h"
#include "site/module.h"
#include "util/clock.h"

namespace colmeia::site {

struct EventsSettings {
  std::uint32_t worker_connections = 512;  // of one worker, listeners not counted
  bool multi_accept = false;               // accept all that wait at once, not one per event
  ipc::AcceptBy accept_by = ipc::AcceptBy::kExclusive;
  util::Milliseconds accept_mutex_delay{500};  // kMutex: how long those without the lock wait
  config::Span worker_connections_place{};     // of the directive's value; empty when there is none
};

extern const site::Module kEvents;

}  // namespace colmeia::site
