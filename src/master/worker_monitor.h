// WorkerMonitor: looks after the workers from outside, by timer, and turns what it sees into events: Stale and Fresh
// from heartbeats (supervisor/watchdog.h), Recycle from what they have served and how large they are
// (supervisor/recycling.h).
//
// It only looks: at the supervisor's table, the scoreboard and /proc. What follows is the supervisor's affair.
#pragma once

#include <functional>
#include <vector>

#include "loop/loop.h"
#include "loop/timer.h"
#include "scoreboard/board.h"
#include "supervisor/events.h"
#include "supervisor/recycling.h"
#include "supervisor/supervisor.h"
#include "supervisor/watchdog.h"

namespace colmeia::master {

class WorkerMonitor {
 public:
  // All must outlive this. `tell` is called from timers only, and may change the supervisor.
  WorkerMonitor(loop::Loop& loop, const supervisor::Supervisor& supervisor, const scoreboard::Board& board,
                std::function<void(supervisor::Event)> tell);

  // Looks from here on.
  void Start();

  // Some worker that serves has beaten within its period; where a generation has no watchdog, that it serves is enough.
  // For the service manager, which wants to know whether we are alive.
  [[nodiscard]] bool AnyAlive() const;

 private:
  void LookForStale();
  void LookForDue();
  [[nodiscard]] std::vector<supervisor::Reading> Readings() const;
  [[nodiscard]] std::vector<supervisor::Served> ReadyWorkers() const;
  [[nodiscard]] const ipc::Plan* PlanOf(const supervisor::Slot& slot) const;

  loop::Loop& loop_;                          // outlives this
  const supervisor::Supervisor& supervisor_;  // outlives this
  const scoreboard::Board& board_;            // outlives this
  std::function<void(supervisor::Event)> tell_;
  supervisor::Watchdog watchdog_;
  loop::Timer stale_;
  loop::Timer due_;
};

}  // namespace colmeia::master
