// `colmeia ctl trace`: fetches the trace over the control socket, chooses a part of it, and shows it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/ctl_line.h"
#include "control/client.h"
#include "control/trace.h"
#include "util/clock.h"
#include "util/result.h"

namespace colmeia::app {

// Returns the exit code. Following ends with 0: by a signal, or because the server has left.
[[nodiscard]] int ShowTrace(control::Client& client, const ControlLine& line, util::TimePoint deadline);

// Where to begin.
struct Since {
  std::optional<std::uint64_t> sequence;  // from this event on
  std::optional<util::Milliseconds> ago;  // from so long ago
};

// "120" is a number, "5m" and "500ms" are times.
[[nodiscard]] Result<Since> ReadSince(const std::string& text);

// Turns events that come one after the other into lines, and says where some are missing.
class TraceLines {
 public:
  // `follows` the events after that one.
  TraceLines(TraceFormat format, std::uint64_t after) : format_(format), last_(after) {}

  // Of the formats that are lines: text, JSON and hex.
  [[nodiscard]] std::string Next(const control::TraceEntry& entry);

 private:
  TraceFormat format_;
  std::uint64_t last_;  // number of the event that was told last
};

}  // namespace colmeia::app
