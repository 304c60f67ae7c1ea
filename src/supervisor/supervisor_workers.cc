// The way of one worker: spawned, adopted, ready, told to leave, gone; and every way in which it can go wrong.
#include <algorithm>
#include <csignal>
#include <utility>

#include <fmt/core.h>

#include "supervisor/supervisor.h"
#include "supervisor/words.h"

namespace colmeia::supervisor {

using log::Level;

void Supervisor::SpawnInto(const Generation& generation, std::uint32_t seat, std::uint32_t slot) {
  const util::Milliseconds limit = generation.plan->start_timeout;
  if (limit.count() > 0) slots_[slot].deadline = now_ + limit;
  Do(Spawn{slot, seat, generation.number});
}

void Supervisor::OnMessage(std::uint32_t slot, const ipc::Hello& message) {
  Slot& it = slots_[slot];
  if (it.state == SlotState::kKilled || it.state == SlotState::kGone) return;
  if (it.adopted()) return Violation(slot, "said Hello twice");
  if (message.version != ipc::kProtocolVersion) {
    return Violation(slot, fmt::format("speaks version {} of the channel's protocol instead of {}", message.version,
                                       ipc::kProtocolVersion));
  }
  it.said = SlotSaid::kHello;
  const Generation* generation = Find(it.generation);
  const auto seats = static_cast<std::uint32_t>(generation != nullptr ? generation->seats.size() : 0);
  Do(Adopt{slot, it.seat, seats, it.generation});
}

void Supervisor::OnMessage(std::uint32_t slot, const ipc::Ready&) {
  Slot& it = slots_[slot];
  if (it.state == SlotState::kKilled || it.state == SlotState::kGone) return;
  if (!it.adopted()) return Violation(slot, "said Ready before it was adopted");
  if (it.was_ready()) return Violation(slot, "said Ready twice");
  it.said = SlotSaid::kReady;
  if (it.state != SlotState::kStarting) return;  // it was told to leave meanwhile
  EnterState(slot, SlotState::kReady);
  if (it.why.empty()) it.deadline.reset();
  Generation* generation = Find(it.generation);
  if (generation != nullptr && it.seat < generation->seats.size()) generation->seats[it.seat].BecameReady();
  Say(Level::kNotice, Name(it) + " is ready");
  if (rotation_.relief() == slot) SwitchSeat();
}

void Supervisor::OnMessage(std::uint32_t slot, const ipc::Draining& message) {
  Slot& it = slots_[slot];
  if (it.state == SlotState::kKilled || it.state == SlotState::kGone) return;
  if (!it.was_ready()) return Violation(slot, "said Draining before it was ready");
  if (it.said == SlotSaid::kDraining) return Violation(slot, "said Draining twice");
  it.said = SlotSaid::kDraining;
  Say(Level::kInfo, fmt::format("{} is shutting down, {} open", Name(it), Count(message.connections, "connection")));
  if (it.state == SlotState::kStarting || it.state == SlotState::kReady) DrainsByItself(slot);
}

void Supervisor::OnMessage(std::uint32_t slot, const ipc::Failed& message) {
  Slot& it = slots_[slot];
  if (it.state == SlotState::kKilled || it.state == SlotState::kGone) {
    if (it.why.empty()) it.why = message.why;
    return;
  }
  if (std::exchange(it.failed, true)) return Violation(slot, "said Failed twice");
  it.why = message.why.empty() ? "it failed and did not say why" : message.why;
  const util::TimePoint leave_by = now_ + kFailedGrace;
  it.deadline = it.deadline ? std::min(*it.deadline, leave_by) : leave_by;
  if (it.seated && FailsItsGeneration(slot, RequestOutcome::kRolledBack, "failed: " + it.why)) return;
  if (it.state == SlotState::kStarting) return;  // told when it is gone
  Say(Level::kError, fmt::format("{} failed: {}", Name(it), OneLine(it.why)));
}

void Supervisor::OnMessage(std::uint32_t slot, const ipc::Unusable& message) {
  const Slot& it = slots_[slot];
  if (it.state == SlotState::kKilled || it.state == SlotState::kGone) return;
  if (!it.was_ready()) return Violation(slot, "said Unusable before it was ready");
  Do(MendListeners{slot, it.generation, message.ordinal, message.code});
}

// A worker that somebody else told to leave, or that leaves for reasons of its own. Its seat is free at once.
void Supervisor::DrainsByItself(std::uint32_t slot) {
  Slot& it = slots_[slot];
  if (FailsItsGeneration(slot, RequestOutcome::kRolledBack, "began to drain by itself")) return;
  EnterState(slot, SlotState::kDraining);
  const util::Milliseconds limit = DrainLimit(it.generation);
  it.deadline.reset();
  if (limit.count() > 0) it.deadline = now_ + limit + kKillDelay;
  if (rotation_.relief() == slot) return ReliefFailed("began to drain by itself");
  const std::string next = FreeSeat(it, "drained without having been told to");
  LeaveSeat(slot);
  Say(Level::kNotice, fmt::format("{} drains without having been told to; {}", Name(it), next));
}

void Supervisor::Tell(std::uint32_t slot, SlotOrder order) {
  Slot& it = slots_[slot];
  LeaveSeat(slot);
  it.order = order;
  if (!it.adopted()) return KillNow(slot);  // serves nobody, and understands no message yet
  const util::Milliseconds limit = order == SlotOrder::kStop ? kStopGrace : DrainLimit(it.generation);
  std::optional<util::TimePoint> deadline;
  if (order == SlotOrder::kStop) {
    deadline = now_ + limit;
  } else if (limit.count() > 0) {
    deadline = now_ + limit + kKillDelay;
  }
  // A limit that was set for its end stands, if it is the shorter one.
  const bool ends_anyway = it.state == SlotState::kDraining || !it.why.empty();
  if (ends_anyway && it.deadline && (!deadline || *it.deadline < *deadline)) deadline = it.deadline;
  it.deadline = deadline;
  if (it.state != SlotState::kDraining) EnterState(slot, SlotState::kDraining);
  if (order == SlotOrder::kStop) {
    Do(Send{slot, ipc::Stop{limit}});
  } else {
    Do(Send{slot, ipc::Drain{limit}});
  }
}

void Supervisor::KillNow(std::uint32_t slot) {
  Slot& it = slots_[slot];
  if (it.killed) return;
  it.killed = true;
  it.deadline.reset();
  Do(Kill{slot, SIGKILL});
  if (it.state != SlotState::kGone && it.state != SlotState::kKilled) EnterState(slot, SlotState::kKilled);
}

void Supervisor::Handle(const Stale& event) {
  if (!slots_.Lives(event.slot)) return;
  Slot& it = slots_[event.slot];
  if (it.state != SlotState::kReady && it.state != SlotState::kDraining) return;
  std::string what = "has shown no sign of life for " + Words(event.age);
  if (!event.description.empty()) what += fmt::format(" ({})", OneLine(event.description));
  if (!event.traced) return Hangs(event.slot, event.age, what);
  if (it.traced) return;
  it.traced = true;
  Say(Level::kAlert, fmt::format("{} {}; a debugger holds it, so it is left alone", Name(it), what));
}

void Supervisor::Handle(const Fresh& event) {
  if (slots_.Lives(event.slot)) slots_[event.slot].traced = false;
}

// It answers to nobody: its seat is filled without waiting for its end. SIGABRT lets it write where it was, if it can.
void Supervisor::Hangs(std::uint32_t slot, util::Milliseconds age, const std::string& what) {
  Slot& it = slots_[slot];
  const std::string name = Name(it);
  std::string next;
  if (it.seated && !FailsItsGeneration(slot, RequestOutcome::kTimedOut, what))
    next = "; " + FreeSeat(it, "hung: " + what);
  Say(Level::kAlert, fmt::format("{} {}, killing it{}", name, what, next));
  it.why = what;
  it.hung = age;
  EnterState(slot, SlotState::kKilled);
  LeaveSeat(slot);
  Replaced(slot, false);
  it.deadline = now_ + kAbortGrace;
  Do(Kill{slot, SIGABRT});
}

// The deadline of a slot's state has passed.
void Supervisor::Overdue(std::uint32_t slot) {
  Slot& it = slots_[slot];
  it.deadline.reset();
  const std::string name = Name(it);
  const Generation* generation = Find(it.generation);
  switch (it.state) {
    case SlotState::kStarting:
      if (it.why.empty()) {
        const util::Milliseconds limit = generation != nullptr ? generation->plan->start_timeout : kStopGrace;
        it.why = fmt::format("was not ready within {}", Words(limit));
        if (!FailsItsGeneration(slot, RequestOutcome::kTimedOut, it.why)) {
          Say(Level::kError, fmt::format("{} {}, killing it", name, it.why));
        }
        return KillNow(slot);
      }
      [[fallthrough]];
    case SlotState::kReady:
      Say(Level::kError, fmt::format("{} failed and did not leave within {}, killing it", name, Words(kFailedGrace)));
      return KillNow(slot);
    case SlotState::kDraining: {
      const util::Milliseconds limit = !it.why.empty()                ? kFailedGrace
                                       : it.order == SlotOrder::kStop ? kStopGrace
                                                                      : DrainLimit(it.generation);
      Say(Level::kWarn, fmt::format("{} did not leave within {}, killing it", name, Words(limit)));
      return KillNow(slot);
    }
    case SlotState::kKilled:
      return KillNow(slot);  // SIGABRT was not enough
    case SlotState::kGone:
      if (it.reaped()) {
        Do(CloseChannel{slot});
      } else {
        Say(Level::kError, fmt::format("{} closed its channel and still runs, killing it", name));
        KillNow(slot);
      }
      return;
    default:
      return;
  }
}

// The peer says what no worker may say: it cannot be trusted with anything, and nothing more of it is heard.
void Supervisor::Violation(std::uint32_t slot, const std::string& what) {
  Slot& it = slots_[slot];
  if (it.state == SlotState::kKilled || it.state == SlotState::kGone) return;
  it.why = what;
  if (!it.seated || !FailsItsGeneration(slot, RequestOutcome::kRolledBack, what)) {
    Say(Level::kError, fmt::format("{} {}, killing it", Name(it), what));
  }
  KillNow(slot);
  Do(CloseChannel{slot});
}

// A generation on its way up fails with any of its workers. False when this worker's is not on its way up.
bool Supervisor::FailsItsGeneration(std::uint32_t slot, RequestOutcome outcome, const std::string& what) {
  Generation* generation = Find(slots_[slot].generation);
  if (generation == nullptr || !generation->rising()) return false;
  Fail(*generation, outcome, "failed to start", fmt::format("{} {}", Name(slots_[slot]), what));
  return true;
}

// One of the process's two ends was seen, or the second of them.
void Supervisor::EndSeen(std::uint32_t slot) {
  Slot& it = slots_[slot];
  if (it.state != SlotState::kGone) EnterState(slot, SlotState::kGone);
  it.deadline.reset();
  if (it.ends == SlotEnds::kBoth) return Release(slot);
  if (it.reaped()) {
    it.deadline = now_ + kChannelGrace;
  } else if (!it.killed) {
    it.deadline = now_ + kExitGrace;
  }
}

void Supervisor::Release(std::uint32_t slot) {
  const Slot it = slots_[slot];
  const std::string name = Name(it);
  const std::string how = DescribeEnd(it);
  const bool clean = it.exit_code == 0 && it.exit_signal == 0;
  const bool by_us = (it.killed && it.exit_signal == SIGKILL) || (it.hung && it.exit_signal == SIGABRT);
  const std::string why = it.why.empty() ? "" : ": " + OneLine(it.why);
  const char* when = it.was_ready() ? "" : " before it was ready";

  const bool failed = it.seated && FailsItsGeneration(slot, RequestOutcome::kRolledBack, how + when + why);
  reopening_.Gone(slot);
  Do(SetState{slot, SlotState::kEmpty, it.generation, it.seat, it.pid});
  if (it.seated) LeaveSeat(slot);
  slots_.Free(slot);
  if (reopening_.complete()) FinishReopening();
  if (failed) return;
  if (rotation_.relief() == slot) return ReliefFailed(how + when + why);
  Replaced(slot, true);

  Level level = Level::kNotice;
  if (it.exit_signal != 0 && !by_us) {
    level = Level::kAlert;
  } else if (!by_us && (!clean || (it.seated && !it.was_ready()))) {
    level = Level::kError;
  }
  if (!it.seated) return Say(level, fmt::format("{} {}", name, how));
  const std::string next = FreeSeat(it, how + when + why);
  if (by_us) return Say(level, fmt::format("{} {}; {}", name, how, next));
  Say(level, fmt::format("{} {}{}{}; {}", name, how, when, why, next));
}

std::string Supervisor::FreeSeat(const Slot& slot, const std::string& what) {
  Generation* generation = Find(slot.generation);
  if (generation == nullptr || slot.seat >= generation->seats.size()) return "its seat is not wanted any more";
  Do(Respawning{slot.generation, slot.seat, slot.pid, what});
  Backoff& seat = generation->seats[slot.seat];
  if (slot.was_ready()) {
    seat.DiedReady(now_);
  } else {
    seat.DiedStarting(now_);
  }
  if (seat.next_start() <= now_) return "replacing it";
  return fmt::format("next start in {}", Words(seat.next_start() - now_));
}

void Supervisor::EnterState(std::uint32_t slot, SlotState state) {
  slots_.Enter(slot, state);
  const Slot& it = slots_[slot];
  if (it.pid != 0) Do(SetState{slot, state, it.generation, it.seat, it.pid});
}

std::optional<std::uint32_t> Supervisor::AcceptsBefore(std::uint32_t generation) const {
  for (std::uint32_t i = 0; i < slots_.used(); ++i) {
    if (slots_[i].living() && slots_[i].accepting() && slots_[i].generation < generation) return i;
  }
  return std::nullopt;
}

std::string Supervisor::Name(const Slot& slot) const {
  std::string name = fmt::format("worker {}", slot.seat);
  if (generations_.size() > 1) name += fmt::format(" of generation {}", slot.generation);
  if (slot.pid != 0) name += fmt::format(" (pid {})", slot.pid);
  return name;
}

}  // namespace colmeia::supervisor
