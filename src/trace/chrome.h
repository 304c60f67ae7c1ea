// Events in the Trace Event Format, which Perfetto (https://ui.perfetto.dev) and chrome://tracing open: one row of
// slices for each process (the states of a worker, the states of the server), arrows for what passed between two, marks
// for signals and the rest.
//
// Processes have small numbers there, not their pids, which may come again; the pid stands in the name. Only the master
// saw the events, so both ends of an arrow have the time at which it did.
#pragma once

#include <string>
#include <vector>

#include "trace/event.h"

namespace colmeia::trace {

// One JSON object. `events` must be in order. Ends with a newline.
[[nodiscard]] std::string Chrome(const std::vector<Event>& events);

}  // namespace colmeia::trace
