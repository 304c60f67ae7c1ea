#include "master/watchdog.h"

#include <algorithm>
#include <chrono>

namespace colmeia::master {
namespace {

// steady_clock counts CLOCK_MONOTONIC, as a worker does.
util::TimePoint MomentOf(std::uint64_t heartbeat_ns) {
  return util::TimePoint(
      std::chrono::duration_cast<util::Duration>(std::chrono::nanoseconds(static_cast<std::int64_t>(heartbeat_ns))));
}

}  // namespace

Watchdog::Life& Watchdog::Know(const Reading& reading, util::TimePoint now) {
  Life& life = lives_[reading.slot];
  if (life.pid != reading.pid) {
    life = Life{.pid = reading.pid, .heartbeat_ns = reading.heartbeat_ns};
    if (reading.heartbeat_ns == 0) life.granted = now;
  } else if (life.heartbeat_ns != reading.heartbeat_ns) {
    life = Life{.pid = reading.pid, .heartbeat_ns = reading.heartbeat_ns};
  }
  return life;
}

std::vector<Silence> Watchdog::Look(const std::vector<Reading>& readings, util::TimePoint now,
                                    const std::function<bool(pid_t)>& is_traced) {
  const util::Duration late = next_look_ ? now - *next_look_ : util::Duration{0};
  util::TimePoint next = now + kIdleLook;
  std::vector<Silence> found;

  for (const Reading& reading : readings) {
    if (reading.period.count() <= 0) continue;
    Life& life = Know(reading, now);
    if (late > reading.period / kLatePart) life.granted = now;
    const util::TimePoint last = life.heartbeat_ns != 0 ? MomentOf(life.heartbeat_ns) : *life.granted;
    const util::TimePoint stale_at = std::max(last, life.granted.value_or(last)) + reading.period;
    next = std::min(next, now + reading.period / 10);
    if (stale_at > now) {
      next = std::min(next, stale_at);
      continue;
    }
    if (life.told && !life.traced) continue;

    const bool traced = is_traced(reading.pid);
    if (life.told && !traced) {
      life.granted = now;
      life.told = life.traced = false;
    } else if (!life.told) {
      life.told = true;
      life.traced = traced;
      const auto age = std::chrono::duration_cast<util::Milliseconds>(now - last);
      found.push_back({.slot = reading.slot, .pid = reading.pid, .age = age, .traced = traced});
    }
  }

  std::erase_if(lives_, [&](const auto& entry) {
    return std::none_of(readings.begin(), readings.end(),
                        [&](const Reading& reading) { return reading.slot == entry.first; });
  });
  next_look_ = next;
  return found;
}

}  // namespace colmeia::master
