#include "master/overseer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "master/postmortem.h"

namespace colmeia::master {

Overseer::Overseer(loop::Loop& loop, const Supervisor& supervisor, const scoreboard::Board& board,
                   std::function<void(Event)> tell)
    : loop_(loop),
      supervisor_(supervisor),
      board_(board),
      tell_(std::move(tell)),
      stale_(loop, [this] { LookForStale(); }),
      due_(loop, [this] { LookForDue(); }) {}

void Overseer::Start() {
  LookForStale();  // there is nobody yet; but from now on the watchdog knows when it is late
  due_.StartEvery(kRecyclingLook);
}

bool Overseer::AnyAlive() const {
  const std::vector<Reading> readings = Readings();
  return std::any_of(readings.begin(), readings.end(),
                     [now = loop_.Now()](const Reading& reading) { return HasBeaten(reading, now); });
}

void Overseer::LookForStale() {
  // The work of this turn may have taken its time, and a master that is slow itself must notice.
  loop_.UpdateTime();
  const Findings findings = watchdog_.Look(Readings(), loop_.Now(), [](pid_t pid) { return IsTraced(pid); });
  stale_.StartAt(watchdog_.NextLook());
  for (const std::uint32_t slot : findings.fresh) tell_(Fresh{slot});
  for (const Silence& silence : findings.stale) {
    tell_(Stale{silence.slot, silence.age, silence.traced, DescribeProcess(silence.pid)});
  }
}

void Overseer::LookForDue() {
  const auto resident = [](pid_t pid) { return ResidentMemory(pid); };
  for (Due& due : FindDue(ReadyWorkers(), resident)) tell_(Recycle{due.slot, std::move(due.why)});
}

// Workers that serve. One that was told to leave before it was ready does not.
std::vector<Reading> Overseer::Readings() const {
  std::vector<Reading> readings;
  const SlotTable& slots = supervisor_.slots();
  for (std::uint32_t i = 0; i < slots.used(); ++i) {
    const Slot& slot = slots[i];
    const bool serves = slot.was_ready && (slot.state == SlotState::kReady || slot.state == SlotState::kDraining);
    const ipc::Plan* const plan = serves ? PlanOf(slot) : nullptr;
    if (plan == nullptr) continue;
    readings.push_back({.slot = i, .pid = slot.pid, .period = plan->watchdog, .heartbeat_ns = board_.Heartbeat(i)});
  }
  return readings;
}

std::vector<Served> Overseer::ReadyWorkers() const {
  std::vector<Served> workers;
  const SlotTable& slots = supervisor_.slots();
  for (std::uint32_t i = 0; i < slots.used(); ++i) {
    const Slot& slot = slots[i];
    const ipc::Plan* const plan = slot.state == SlotState::kReady ? PlanOf(slot) : nullptr;
    if (plan == nullptr || (plan->max_requests == 0 && plan->max_memory == 0)) continue;
    workers.push_back({.slot = i,
                       .pid = slot.pid,
                       .requests = board_.Read(i).counts[scoreboard::Total::kRequests],
                       .max_requests = plan->max_requests,
                       .max_memory = plan->max_memory});
  }
  return workers;
}

const ipc::Plan* Overseer::PlanOf(const Slot& slot) const {
  for (const Generation& generation : supervisor_.generations()) {
    if (generation.number == slot.generation) return generation.plan.get();
  }
  return nullptr;
}

}  // namespace colmeia::master
