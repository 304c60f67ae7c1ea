// Parts of a trace: what one event led to, and the last reload.
#pragma once

#include <cstdint>
#include <vector>

#include "trace/event.h"

namespace colmeia::trace {

// The event numbered `root` and all whose chain of causes leads to it, in order. `events` must be in order.
[[nodiscard]] std::vector<Event> LedBy(const std::vector<Event>& events, std::uint64_t root);

struct Story {
  std::vector<Event> events;  // in order; the first is what began it
  bool whole = true;          // false: its beginning was forgotten already
};

// The last reload: the order or the signal that began it, and all that it led to, down to the exit of the last worker
// of the generation before. Empty when there was none, or nothing of it is left. `events` must be in order.
[[nodiscard]] Story LastReload(const std::vector<Event>& events);

}  // namespace colmeia::trace
