#include "master/worker_monitor.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "master/process_report.h"

namespace colmeia::master {

WorkerMonitor::WorkerMonitor(loop::Loop& loop, const supervisor::Supervisor& supervisor, const scoreboard::Board& board,
                             std::function<void(supervisor::Event)> tell)
    : loop_(loop),
      supervisor_(supervisor),
      board_(board),
      tell_(std::move(tell)),
      stale_(loop, [this] { LookForStale(); }),
      due_(loop, [this] { LookForDue(); }) {}

void WorkerMonitor::Start() {
  LookForStale();  // there is nobody yet; but from now on the watchdog knows when it is late
  due_.StartEvery(supervisor::kRecyclingLook);
}

bool WorkerMonitor::AnyAlive() const {
  const std::vector<supervisor::Reading> readings = Readings();
  return std::any_of(readings.begin(), readings.end(), [now = loop_.Now()](const supervisor::Reading& reading) {
    return supervisor::HasBeaten(reading, now);
  });
}

void WorkerMonitor::LookForStale() {
  // The work of this turn may have taken its time, and a master that is slow itself must notice.
  loop_.UpdateTime();
  const supervisor::Findings findings =
      watchdog_.Look(Readings(), loop_.Now(), [](pid_t pid) { return IsTraced(pid); });
  stale_.StartAt(watchdog_.NextLook());
  for (const std::uint32_t slot : findings.fresh) tell_(supervisor::Fresh{slot});
  for (const supervisor::Silence& silence : findings.stale) {
    tell_(supervisor::Stale{silence.slot, silence.age, silence.traced, DescribeProcess(silence.pid)});
  }
}

void WorkerMonitor::LookForDue() {
  const auto resident = [](pid_t pid) { return ResidentMemory(pid); };
  for (supervisor::Due& due : supervisor::FindDue(ReadyWorkers(), resident))
    tell_(supervisor::Recycle{due.slot, std::move(due.why)});
}

// Workers that serve. One that was told to leave before it was ready does not.
std::vector<supervisor::Reading> WorkerMonitor::Readings() const {
  std::vector<supervisor::Reading> readings;
  const supervisor::SlotTable& slots = supervisor_.slots();
  for (std::uint32_t i = 0; i < slots.used(); ++i) {
    const supervisor::Slot& slot = slots[i];
    const bool serves = slot.was_ready() &&
                        (slot.state == supervisor::SlotState::kReady || slot.state == supervisor::SlotState::kDraining);
    const ipc::Plan* const plan = serves ? PlanOf(slot) : nullptr;
    if (plan == nullptr) continue;
    readings.push_back({.slot = i, .pid = slot.pid, .period = plan->watchdog, .heartbeat_ns = board_.Heartbeat(i)});
  }
  return readings;
}

std::vector<supervisor::Served> WorkerMonitor::ReadyWorkers() const {
  std::vector<supervisor::Served> workers;
  const supervisor::SlotTable& slots = supervisor_.slots();
  for (std::uint32_t i = 0; i < slots.used(); ++i) {
    const supervisor::Slot& slot = slots[i];
    const ipc::Plan* const plan = slot.state == supervisor::SlotState::kReady ? PlanOf(slot) : nullptr;
    if (plan == nullptr || (plan->max_requests == 0 && plan->max_memory == 0)) continue;
    workers.push_back({.slot = i,
                       .pid = slot.pid,
                       .requests = board_.Read(i).counts[scoreboard::Total::kRequests],
                       .max_requests = plan->max_requests,
                       .max_memory = plan->max_memory});
  }
  return workers;
}

const ipc::Plan* WorkerMonitor::PlanOf(const supervisor::Slot& slot) const {
  for (const supervisor::Generation& generation : supervisor_.generations()) {
    if (generation.number == slot.generation) return generation.plan.get();
  }
  return nullptr;
}

}  // namespace colmeia::master
