#include "scoreboard/silence.h"

#include <algorithm>

namespace colmeia::scoreboard {
namespace {

constexpr std::uint64_t kMillisecond = 1'000'000;
// Shorter than this nobody is called silent, however often it is meant to beat: the machine may be busy.
constexpr std::uint64_t kLeastNs = 100 * kMillisecond;
constexpr std::uint64_t kMostNs = 1000 * kMillisecond;
// Of one whose period nobody knows yet.
constexpr std::uint64_t kUnknownBeatNs = 1000 * kMillisecond;
// A beat may be missed by a busy machine; the second one tells.
constexpr std::uint64_t kBeats = 2;

std::uint64_t Age(std::uint64_t stamp_ns, std::uint64_t now_ns) {
  return stamp_ns != 0 && now_ns > stamp_ns ? now_ns - stamp_ns : 0;
}

}  // namespace

Pulse PulseOf(const SlotView& view, std::uint64_t now_ns) {
  Pulse pulse;
  if (view.state != SlotState::kReady && view.state != SlotState::kDraining) return pulse;
  const std::uint64_t known = view.counts[Gauge::kBeatNs];
  const std::uint64_t beat = known != 0 ? std::min(known, 10 * kMostNs) : kUnknownBeatNs;
  const std::uint64_t age = Age(view.heartbeat_ns, now_ns);
  const std::uint64_t turn = std::min(Age(view.counts[Gauge::kTurnNs], now_ns), age);
  const std::uint64_t limit = std::clamp(kBeats * beat, kLeastNs, kMostNs);
  const std::uint64_t beat_limit = std::max(kBeats * beat, kLeastNs);
  pulse.turn_ns = age > beat_limit ? age - beat : 0;
  if (turn != 0) pulse.turn_ns = turn;
  if (turn > limit) {
    pulse.silent_ns = turn;
  } else if (age > beat_limit) {
    pulse.silent_ns = age;
  }
  return pulse;
}

std::string_view StateWord(SlotState state, const Pulse& pulse) {
  return pulse.silent_ns ? kSilent : SlotStateName(state);
}

}  // namespace colmeia::scoreboard
