// The trace over the control socket: GET /trace?after=SEQ&limit=N&wait=MS&frames=1, and what a client makes of its
// answer.
//
// One answer holds the events above `after`, oldest first, at most `limit`. With `wait` a question that nothing answers
// yet is answered as soon as something does, or when that time has passed: asked again and again, this follows the
// trace. The server keeps nothing for a client that reads slowly; it sees by `missed` how many events it lost.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trace/event.h"
#include "trace/ring.h"
#include "util/clock.h"
#include "util/result.h"

namespace colmeia::control {

struct TraceQuestion {
  static constexpr std::size_t kMostEvents = 512;
  static constexpr util::Milliseconds kLongestWait{30000};

  std::uint64_t after = 0;
  std::size_t limit = kMostEvents;
  util::Milliseconds wait{0};
  bool frames = false;  // with the bytes of messages
  bool operator==(const TraceQuestion&) const = default;
};

// The question in a query such as "after=12&wait=1000"; the error says what is not understood.
[[nodiscard]] Result<TraceQuestion> ReadTraceQuestion(std::string_view query);

// "/trace?after=12&limit=..."
[[nodiscard]] std::string TargetOf(const TraceQuestion& question);

// An event as a client holds it.
struct TraceEntry {
  trace::Event event;
  std::optional<std::string> frame;  // its bytes, where they were asked for and not overwritten
  std::string json;                  // as it came
};

struct TracePage {
  std::uint64_t newest = 0;  // number of the newest event there is; 0: none
  std::uint64_t missed = 0;  // events above `after` that were overwritten already
  std::vector<TraceEntry> events;
};

[[nodiscard]] std::string TraceJson(const trace::Reader& trace, const TraceQuestion& question);
[[nodiscard]] Result<TracePage> ReadTracePage(std::string_view json);

}  // namespace colmeia::control
