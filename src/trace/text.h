// An event as one line for a terminal:
//
//   #123 <- #120   14:03:12.123456  send        master -> worker 2 (gen 3, pid 4711)  Drain deadline=5000ms
//
// Its number, the number of the event that led to it, when (UTC), what kind of thing, between which processes, and
// what; behind a message the descriptors that travelled beside it, by name.
#pragma once

#include <string>

#include "trace/event.h"

namespace colmeia::trace {

// Without a newline at its end.
[[nodiscard]] std::string Text(const Event& event);

// "worker 2 (gen 3, pid 4711)": the process that the event is about, told from all others.
[[nodiscard]] std::string ProcessText(const Event& event);

}  // namespace colmeia::trace
