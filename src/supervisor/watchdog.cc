#include "supervisor/watchdog.h"

#include <algorithm>
#include <chrono>
#include <optional>

namespace colmeia::supervisor {
namespace {

// Often enough to notice that the master was late.
constexpr int kLooksPerPeriod = 10;

// steady_clock counts CLOCK_MONOTONIC, as a worker does.
util::TimePoint MomentOf(std::uint64_t heartbeat_ns) {
  return util::TimePoint(
      std::chrono::duration_cast<util::Duration>(std::chrono::nanoseconds(static_cast<std::int64_t>(heartbeat_ns))));
}

// What it says, unless that cannot be.
std::optional<std::uint64_t> Believable(const Reading& reading, util::TimePoint now) {
  const auto most = std::chrono::nanoseconds((now + reading.period).time_since_epoch()).count();
  if (reading.heartbeat_ns > static_cast<std::uint64_t>(most)) return std::nullopt;
  return reading.heartbeat_ns;
}

}  // namespace

bool HasBeaten(const Reading& reading, util::TimePoint now) {
  if (reading.period.count() == 0) return true;
  const std::optional<std::uint64_t> beat = Believable(reading, now);
  return beat && now < MomentOf(*beat) + reading.period;
}

Watchdog::Life& Watchdog::Know(const Reading& reading, util::TimePoint now, Findings& findings) {
  Life& life = lives_[reading.slot];
  const bool is_another = life.pid != reading.pid;
  const std::uint64_t beat = Believable(reading, now).value_or(is_another ? 0 : life.heartbeat_ns);
  if (!is_another && life.heartbeat_ns == beat) return life;
  if (!is_another && life.told) findings.fresh.push_back(reading.slot);
  life = Life{.pid = reading.pid, .heartbeat_ns = beat};
  if (beat == 0) life.granted = now;
  return life;
}

Findings Watchdog::Look(const std::vector<Reading>& readings, util::TimePoint now,
                        const std::function<bool(pid_t)>& is_traced) {
  const util::Duration late = next_look_ ? now - *next_look_ : util::Duration{0};
  util::TimePoint next = now + kIdleLook;
  Findings findings;

  for (const Reading& reading : readings) {
    if (reading.period.count() <= 0) continue;
    Life& life = Know(reading, now, findings);
    if (late > reading.period / kLatePart) life.granted = now;
    const util::TimePoint last = life.heartbeat_ns != 0 ? MomentOf(life.heartbeat_ns) : *life.granted;
    const util::TimePoint stale_at = std::max(last, life.granted.value_or(last)) + reading.period;
    next = std::min(next, now + reading.period / kLooksPerPeriod);
    if (stale_at > now) {
      next = std::min(next, stale_at);
      continue;
    }

    const bool is_being_killed = life.told && !life.traced;
    if (is_being_killed) continue;
    const bool traced = is_traced(reading.pid);
    if (life.told && !life.freed) {
      if (traced) continue;
      life.freed = true;
      life.granted = now;
      continue;
    }
    life.told = true;
    life.traced = traced;
    life.freed = false;
    const auto age = std::chrono::duration_cast<util::Milliseconds>(now - last);
    findings.stale.push_back({.slot = reading.slot, .pid = reading.pid, .age = age, .traced = traced});
  }

  std::erase_if(lives_, [&](const auto& entry) {
    return std::none_of(readings.begin(), readings.end(),
                        [&](const Reading& reading) { return reading.slot == entry.first; });
  });
  next_look_ = next;
  return findings;
}

}  // namespace colmeia::supervisor
