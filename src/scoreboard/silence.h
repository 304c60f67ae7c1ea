// Silence: whether a worker stands still now, judged from outside: from its stamps and the clock, and not
// from what it counts when a turn is over.
//
// A loop that turns stamps the end of each turn, and beats by timer while it has nothing to do; the first request of a
// turn is stamped, too. So either a turn is known to be under way and lasts, or the next beat is overdue: the process
// is stopped, or the loop is held up by something else than a request.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "scoreboard/board.h"

namespace colmeia::scoreboard {

// The word for a worker that would be ready or draining if it turned.
inline constexpr std::string_view kSilent = "silent";

struct Pulse {
  // How long the turn under way has lasted, or the beat has been overdue; 0 while the loop is not known to be late. It
  // is lag that the worker will only count once the turn is over.
  std::uint64_t turn_ns = 0;
  // How long there was no sign of life, once that is longer than a worker is meant to take: a second, or a fifth of the
  // watchdog's period if that is shorter.
  std::optional<std::uint64_t> silent_ns{};
};

// REQUIRES: `now_ns` is CLOCK_MONOTONIC. A stamp of the future counts as now. Only one that serves can be silent.
[[nodiscard]] Pulse PulseOf(const SlotView& view, std::uint64_t now_ns);

// The name of its state, or kSilent.
[[nodiscard]] std::string_view StateWord(SlotState state, const Pulse& pulse);

}  // namespace colmeia::scoreboard
