// Watchdog: which workers have shown no sign of life for too long. Arithmetic over heartbeats and the clock.
//
// It kills nothing, reads no board and asks no process: the shell gives it readings, and what comes out becomes Stale
// events for the supervisor.
//
// 1. Only workers that serve are watched: ready ones and those that drain. One that starts is bounded by
//    worker_start_timeout.
// 2. A worker beats once each turn of its loop, and by timer each tenth of its period: a loop that turns is never
//    stale, however busy it is.
// 3. A silence is told once. It ends with the next heartbeat.
// 4. Silence counts only while the master looks. When it was late itself (the machine stood still, or had no time for
//    us) the workers may have stood still with it, and everyone gets one more period.
// 5. A worker that a debugger holds is told as traced, to be left alone; let go, it gets one more period.
// 6. A stamp that lies further in the future than a period is a lie, and no sign of life.
//
//   for (const Silence& silence : watchdog.Look(readings, now, is_traced).stale) ...
//   timer.StartAt(watchdog.NextLook());
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "util/clock.h"

namespace colmeia::supervisor {

// A worker as the shell finds it: the supervisor's slot, the plan of its generation, the scoreboard's stamp.
struct Reading {
  std::uint32_t slot = 0;
  pid_t pid = 0;                   // tells the next holder of the slot from this one
  util::Milliseconds period{0};    // worker_watchdog of its generation; 0 = not watched
  std::uint64_t heartbeat_ns = 0;  // CLOCK_MONOTONIC; 0 = none yet
};

// Whether it has beaten during the last period, at any time for one that is not watched. A worker can write any stamp:
// one that lies further in the future than a period is none.
[[nodiscard]] bool HasBeaten(const Reading& reading, util::TimePoint now);

// A worker that is stale.
struct Silence {
  std::uint32_t slot = 0;
  pid_t pid = 0;
  util::Milliseconds age{0};  // since the last sign of life
  bool traced = false;        // a debugger holds it
};

struct Findings {
  std::vector<Silence> stale;
  std::vector<std::uint32_t> fresh;  // slots that were told as stale, and beat again
};

class Watchdog {
 public:
  // A look that comes later than this part of a worker's period grants it one more. A shorter delay does no harm: a
  // worker that was held up as long as the master has beaten less than a period ago.
  static constexpr int kLatePart = 2;
  // How soon a worker that was not there at the last look is seen.
  static constexpr util::Milliseconds kIdleLook{1000};

  // All workers that serve, anew at each look. `is_traced` is asked for stale ones only.
  [[nodiscard]] Findings Look(const std::vector<Reading>& readings, util::TimePoint now,
                              const std::function<bool(pid_t)>& is_traced);

  // When the next look is due: each tenth of the shortest period, for that is how the master learns that it was late;
  // just when the next worker may become stale; and never later than kIdleLook after a look. Before the first look: at
  // once.
  [[nodiscard]] util::TimePoint NextLook() const { return next_look_.value_or(util::TimePoint{}); }

 private:
  struct Life {
    pid_t pid = 0;
    std::uint64_t heartbeat_ns = 0;
    std::optional<util::TimePoint> granted{};  // silence before this moment does not count
    bool told = false;                         // of this silence, or of its part until `granted`
    bool traced = false;                       // when last told
    bool freed = false;                        // since then the debugger let it go
  };

  // The worker in this slot, brought up to date; into `findings` when it beats again.
  [[nodiscard]] Life& Know(const Reading& reading, util::TimePoint now, Findings& findings);

  std::map<std::uint32_t, Life> lives_;  // by slot
  std::optional<util::TimePoint> next_look_;
};

}  // namespace colmeia::supervisor
