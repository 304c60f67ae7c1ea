#include "supervisor/supervisor.h"

#include <algorithm>

#include <fmt/core.h>

#include "supervisor/words.h"
#include "util/check.h"

namespace colmeia::supervisor {

using log::Level;

std::vector<Action> Supervisor::On(const Event& event, util::TimePoint now) {
  if (phase_ == ServerPhase::kLeft) return {};
  if (phase_ == ServerPhase::kIdle && !std::holds_alternative<Start>(event)) return {};
  now_ = now;
  std::visit([this](const auto& it) { Handle(it); }, event);
  if (phase_ < ServerPhase::kStandIn) {
    CheckDeadlines();
    Reconcile();
  }
  return std::exchange(actions_, {});
}

void Supervisor::Enter(ServerPhase phase) {
  CHECK(phase > phase_);
  phase_ = phase;
}

std::optional<util::TimePoint> Supervisor::NextDeadline() const {
  if (phase_ == ServerPhase::kIdle || phase_ == ServerPhase::kLeft) return std::nullopt;
  std::optional<util::TimePoint> next;
  const auto consider = [&next](std::optional<util::TimePoint> when) {
    if (when && (!next || *when < *next)) next = when;
  };
  for (std::uint32_t i = 0; i < slots_.used(); ++i) consider(slots_[i].deadline);
  for (const Generation& generation : generations_) {
    consider(generation.deadline);
    if (generation.stage != Stage::kServing) continue;
    for (const std::uint32_t seat : EmptySeats(generation)) {
      // A seat that is due but empty lacks a slot: the event that frees one fills it.
      const util::TimePoint start = generation.seats[seat].next_start();
      if (start > now_) consider(start);
    }
  }
  for (const PendingRequest& request : requests_) {
    if (!request.result.empty()) consider(request.result_due);
  }
  consider(reopening_.deadline());
  if (all_ready_) consider(*all_ready_ + kCalm);
  consider(rotation_.deadline());
  consider(NextRotation());
  consider(upgrade_.deadline);
  return next;
}

const Generation* Supervisor::current() const {
  for (const Generation& generation : generations_) {
    if (generation.current()) return &generation;
  }
  return nullptr;
}

void Supervisor::Handle(const Start& event) {
  if (phase_ != ServerPhase::kIdle) return;
  Enter(ServerPhase::kStarting);
  old_master_ = event.old_master;
  tells_main_pid_ = event.tells_main_pid;
  UpdateServer();
  BeginGeneration(event.plan);
}

void Supervisor::Handle(const Compiled& event) {
  Generation* generation = Find(event.generation);
  if (generation == nullptr) return;
  generation->compiler_lives = false;
  generation->deadline.reset();
  if (generation->stage != Stage::kCompiling) return;  // it was given up meanwhile
  if (event.plan == nullptr) {
    Fail(*generation, RequestOutcome::kConfiguration, "failed to compile", event.why);
  } else {
    Open(*generation, event.plan);
  }
}

void Supervisor::Handle(const ResourcesOpened& event) {
  Generation* generation = Find(event.generation);
  if (generation == nullptr || generation->stage != Stage::kOpening) return;
  generation->listeners = Listeners::kOpen;
  const std::uint32_t workers = std::max(generation->plan->workers, 1U);
  if (workers > slots_.free()) {
    Fail(*generation, RequestOutcome::kRolledBack, "failed to start",
         fmt::format("it wants {}, and {} of {} slots are taken by living ones", Count(workers, "worker"),
                     slots_.living(), SlotTable::kSize));
    return;
  }
  generation->seats.resize(workers);
  generation->stage = Stage::kStarting;
  // Once: a reload that changes nothing of it has nothing to say.
  const std::string& gap = generation->plan->sandbox_gap;
  if (const Generation* serving = current();
      !gap.empty() && (serving == nullptr || serving->plan->sandbox_gap != gap)) {
    Say(Level::kWarn, "sandbox: " + gap);
  }
  const std::string& why = generation->plan->workers_why;
  Say(Level::kNotice, fmt::format("generation {}: starting {}{}", generation->number, Count(workers, "worker"),
                                  why.empty() ? "" : fmt::format(" ({})", why)));
}

void Supervisor::Handle(const ResourcesFailed& event) {
  Generation* generation = Find(event.generation);
  if (generation == nullptr || generation->stage != Stage::kOpening) return;
  Fail(*generation, RequestOutcome::kResources, "failed to open what it needs", event.why);
}

void Supervisor::Handle(const Spawned& event) {
  if (!slots_.Lives(event.slot)) return;
  Slot& slot = slots_[event.slot];
  slot.pid = event.pid;
  Do(SetState{event.slot, SlotState::kStarting, slot.generation, slot.seat, slot.pid});
  if (slot.state != SlotState::kStarting) {  // killed before we knew its number
    Do(SetState{event.slot, slot.state, slot.generation, slot.seat, slot.pid});
  }
  Say(Level::kInfo, Name(slot) + " started");
}

void Supervisor::Handle(const SpawnFailed& event) {
  if (!slots_.Lives(event.slot) || slots_[event.slot].pid != 0) return;
  const Slot slot = slots_[event.slot];
  const std::string what = "could not be spawned: " + OneLine(event.why);
  if (slot.seated && !FailsItsGeneration(event.slot, RequestOutcome::kRolledBack, what)) {
    const std::string next = FreeSeat(slot, what);
    Say(Level::kError, fmt::format("{} {}; {}", Name(slot), what, next));
  }
  slots_.Free(event.slot);
  if (rotation_.relief() == event.slot) ReliefFailed(what);
}

void Supervisor::Handle(const Received& event) {
  if (!slots_.Lives(event.slot)) return;
  const std::uint32_t slot = event.slot;
  std::visit(
      [this, slot, &event](const auto& message) {
        using M = std::decay_t<decltype(message)>;
        if (!event.is_due) {
          Violation(slot, fmt::format("said {} to nothing that it was sent", M::kName));
        } else if constexpr (std::is_same_v<M, ipc::Done>) {
          reopening_.Done(slot, event.in_reply_to);
          if (reopening_.complete()) FinishReopening();
        } else if constexpr (std::is_same_v<M, ipc::Hello> || std::is_same_v<M, ipc::Ready> ||
                             std::is_same_v<M, ipc::Draining> || std::is_same_v<M, ipc::Failed> ||
                             std::is_same_v<M, ipc::Unusable>) {
          OnMessage(slot, message);
        } else {
          Violation(slot, fmt::format("sent {}, which no worker sends", M::kName));
        }
      },
      event.message);
}

void Supervisor::Handle(const ChannelClosed& event) {
  if (!slots_.Lives(event.slot) || slots_[event.slot].channel_closed()) return;
  slots_[event.slot].See(SlotEnds::kChannel);
  const bool broken = !event.why.empty() && !slots_[event.slot].reaped();
  if (broken) {
    Say(Level::kError, fmt::format("{}: its channel broke, killing it: {}", Name(slots_[event.slot]), event.why));
    if (slots_[event.slot].why.empty()) slots_[event.slot].why = "its channel broke";
    KillNow(event.slot);
  }
  EndSeen(event.slot);
}

void Supervisor::Handle(const Exit& event) {
  if (!slots_.Lives(event.slot) || slots_[event.slot].reaped()) return;
  Slot& slot = slots_[event.slot];
  slot.See(SlotEnds::kExit);
  slot.exit_code = event.code;
  slot.exit_signal = event.signal;
  slot.serving = event.serving;
  EndSeen(event.slot);
}

void Supervisor::Handle(const LogsReopened& event) {
  if (reopening_.state() != Reopening::State::kOpening) return;
  reopening_.Opened(event, now_);
  for (const std::uint32_t slot : reopening_.Laggards()) {
    if (!slots_.Lives(slot)) reopening_.Gone(slot);
  }
  if (reopening_.complete()) FinishReopening();
}

void Supervisor::Handle(const Independent&) { old_master_ = 0; }

void Supervisor::CheckDeadlines() {
  for (std::uint32_t i = 0; i < slots_.used(); ++i) {
    if (slots_[i].deadline && *slots_[i].deadline <= now_) Overdue(i);
  }
  for (Generation& generation : generations_) {
    if (!generation.deadline || *generation.deadline > now_) continue;
    Fail(generation, RequestOutcome::kTimedOut, "failed to compile",
         fmt::format("the compiler did not finish within {}", Words(kCompileLimit)));
  }
  if (reopening_.deadline() && *reopening_.deadline() <= now_) FinishReopening();
  if (upgrade_.deadline && *upgrade_.deadline <= now_) UpgradeOverdue();
  if (rotation_.deadline() && *rotation_.deadline() <= now_) {
    const std::uint32_t old = rotation_.old().value();
    Say(Level::kNotice, fmt::format("{} still drains after {}, going on with the next one", Name(slots_[old]),
                                    Words(Rotation::kPatience)));
    Replaced(old, false);
  }
}

}  // namespace colmeia::supervisor
