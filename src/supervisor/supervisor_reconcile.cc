// The comparison of the desired table with the living one, after every event. Each step is harmless when there is
// nothing to do, so no event needs to know which steps it makes necessary.
#include <algorithm>

#include <fmt/format.h>

#include "supervisor/supervisor.h"
#include "supervisor/words.h"

namespace colmeia::supervisor {

using log::Level;

// Compares what is wanted with what lives, after every event. The order of the steps matters:
//
// 1. A generation whose seats are all ready becomes current first: all that follows asks which one is.
// 2. A rotation may free or give away a seat, so it moves before seats are filled.
// 3. Empty seats get a worker, and the seats that serve are announced: a new worker has nobody to relieve before.
// 4. A reload that had to wait begins now, since nothing is on its way up any more.
// 5. Listeners that no later generation has are removed before their workers are told to drain: a worker that drains
//    takes the clients that wait at those, because no other process will.
// 6. Orders go out; only then is it known which generations have no worker that accepts, and which have none at all.
// 7. The upgrade ends the generations by itself, so it looks before what is unused is closed.
// 8. Of the generations that are left the oldest are hurried; one that was just closed needs no limit.
// 9. What the outside sees comes last, of the state as it is now: degraded or not, answers, the server's state. After
//    it the master may leave.
void Supervisor::Reconcile() {
  PromoteWhenReady();
  Rotate();
  FillSeats();
  AnnounceSeats();
  if (reload_wanted_ && phase_ == ServerPhase::kServing && Rising() == nullptr) {
    reload_wanted_ = false;
    BeginGeneration(nullptr);
  }
  RemoveWhatNobodyServes();
  GiveOrders();
  LeaveAfterUpgrade();
  CloseWhatIsUnused();
  HurryTheOldest();
  UpdateDegraded();
  AnswerWhatIsDone();
  UpdateServer();
  LeaveWhenAlone();
}

void Supervisor::PromoteWhenReady() {
  Generation* rising = Rising();
  if (rising == nullptr || rising->stage != Stage::kStarting) return;
  if (ReadySeats(*rising) == rising->seats.size()) Promote(*rising);
}

void Supervisor::FillSeats() {
  for (const Generation& generation : generations_) {
    if (!generation.wants_workers()) continue;
    for (const std::uint32_t seat : EmptySeats(generation)) {
      if (generation.seats[seat].next_start() > now_) continue;
      const std::optional<std::uint32_t> slot = slots_.Take(generation.number, seat);
      if (slot) SpawnInto(generation, seat, *slot);
    }
  }
}

// A seat serves from its first Ready on; that its worker dies now and then changes nothing.
void Supervisor::AnnounceSeats() {
  for (Generation& generation : generations_) {
    if (generation.stage != Stage::kServing) continue;
    const auto wanted = static_cast<std::uint32_t>(generation.seats.size());
    std::uint32_t serve = std::min(generation.served_seats, wanted);
    for (; serve < wanted; ++serve) {
      const auto slot = slots_.Occupant(generation.number, serve);
      if (!slot || !slots_[*slot].was_ready()) break;
    }
    if (serve == generation.served_seats && wanted == generation.wanted_seats) continue;
    generation.served_seats = serve;
    generation.wanted_seats = wanted;
    Do(SeatsChanged{generation.number, serve, wanted});
  }
}

// Before its workers are told to drain: so they know that whoever waits at those listeners has nobody else.
void Supervisor::RemoveWhatNobodyServes() {
  if (phase_ == ServerPhase::kStopping) return;
  for (Generation& generation : generations_) {
    if (generation.stage != Stage::kRetiring || generation.listeners != Listeners::kOpen) continue;
    if (slots_.LivingIn(generation.number) == 0) continue;
    generation.listeners = Listeners::kRemoved;
    Do(RemoveListeners{generation.number});
  }
}

// What a living worker should have been told by now.
SlotOrder Supervisor::WantedOrder(const Slot& slot) const {
  if (phase_ == ServerPhase::kStopping) return SlotOrder::kStop;
  const Generation* generation = Find(slot.generation);
  const bool wanted = generation != nullptr && generation->wants_workers() && slot.seat < generation->seats.size();
  return wanted ? SlotOrder::kNone : SlotOrder::kDrain;
}

void Supervisor::GiveOrders() {
  for (std::uint32_t i = 0; i < slots_.used(); ++i) {
    const SlotState state = slots_[i].state;
    const bool hears = state == SlotState::kStarting || state == SlotState::kReady || state == SlotState::kDraining;
    const SlotOrder order = WantedOrder(slots_[i]);
    if (hears && order > slots_[i].order) {
      Tell(i, order);
    } else if (order > SlotOrder::kNone) {
      slots_[i].seated = false;  // on its way out already
    }
  }
}

// Drains without a limit of their own pile up with each reload: beyond max_generations the oldest ones get one.
void Supervisor::HurryTheOldest() {
  const Generation* serving = current();
  if (serving == nullptr || serving->plan->max_generations == 0) return;
  const auto drains = [](const Generation& it) {
    return it.stage == Stage::kRetiring && it.listeners != Listeners::kNone;
  };
  auto draining = static_cast<std::size_t>(std::count_if(generations_.begin(), generations_.end(), drains));
  const std::size_t most = serving->plan->max_generations;
  for (Generation& generation : generations_) {
    if (draining <= most) return;
    if (!drains(generation)) continue;
    --draining;
    if (DrainLimit(generation.number).count() > 0) continue;
    generation.hurried = true;
    Say(Level::kNotice, fmt::format("generation {} has to leave within {}: more than {} drain (max_generations)",
                                    generation.number, Words(kForcedDrain), Count(most, "generation")));
    for (std::uint32_t i = 0; i < slots_.used(); ++i) {
      Slot& slot = slots_[i];
      if (slot.state != SlotState::kDraining || slot.generation != generation.number) continue;
      const util::TimePoint leave_by = now_ + kForcedDrain + kKillDelay;
      slot.deadline = slot.deadline ? std::min(*slot.deadline, leave_by) : leave_by;
      if (slot.adopted()) Do(Send{i, ipc::Drain{kForcedDrain}});
    }
  }
}

void Supervisor::CloseWhatIsUnused() {
  for (Generation& generation : generations_) {
    if (generation.stage != Stage::kRetiring || generation.compiler_lives) continue;
    bool living = false;
    bool accepting = false;
    for (std::uint32_t i = 0; i < slots_.used(); ++i) {
      if (!slots_[i].living() || slots_[i].generation != generation.number) continue;
      living = true;
      accepting = accepting || slots_[i].accepting();
    }
    if (!living) {
      Do(CloseGeneration{generation.number});
      generation.number = 0;  // marks it for removal
    } else if (!accepting &&
               (generation.listeners == Listeners::kOpen || generation.listeners == Listeners::kRemoved)) {
      generation.listeners = Listeners::kClosed;
      Do(CloseListeners{generation.number});
    }
  }
  std::erase_if(generations_, [](const Generation& generation) { return generation.number == 0; });
}

// Degraded: a seat is empty and cannot be filled just now. Said once; taken back when all workers have served for a
// while, so that workers which die each second make one episode and not one a second.
void Supervisor::UpdateDegraded() {
  const Generation* serving = current();
  if (phase_ != ServerPhase::kServing || serving == nullptr || serving->stage != Stage::kServing) {
    degraded_ = false;
    all_ready_.reset();
    return;
  }
  const std::size_t wanted = serving->seats.size();
  const std::size_t ready = ReadySeats(*serving);
  if (!degraded_) {
    const std::vector<std::uint32_t> empty = EmptySeats(*serving);
    if (empty.empty()) return;
    degraded_ = true;
    Say(Level::kError, DegradedText(*serving));
    return;
  }
  if (ready < wanted) {
    all_ready_.reset();
  } else if (!all_ready_) {
    all_ready_ = now_;
  } else if (*all_ready_ + kCalm <= now_) {
    degraded_ = false;
    all_ready_.reset();
    Say(Level::kNotice, fmt::format("no longer degraded: all {} serve again", Count(wanted, "worker")));
  }
}

std::string Supervisor::DegradedText(const Generation& serving) const {
  return fmt::format("degraded: {} of {} serve, worker {} cannot be started just now", ReadySeats(serving),
                     Count(serving.seats.size(), "worker"), fmt::join(EmptySeats(serving), ", "));
}

ServerState Supervisor::server_state() const {
  const Generation* const serving = current();
  switch (phase_) {
    case ServerPhase::kIdle:
    case ServerPhase::kStarting:
      return ServerState::kStarting;
    case ServerPhase::kServing:
      if (serving != nullptr && serving->stage == Stage::kResting) return ServerState::kDraining;
      return degraded_ ? ServerState::kDegraded : ServerState::kServing;
    case ServerPhase::kQuitting:
      return ServerState::kDraining;
    case ServerPhase::kStopping:
    case ServerPhase::kStandIn:
    case ServerPhase::kLeft:
      break;
  }
  return ServerState::kStopping;
}

void Supervisor::UpdateServer() {
  const Generation* const serving = current();
  const std::uint32_t number = serving != nullptr ? serving->number : (server_ ? server_->generation : 0);
  const SetServer said{server_state(), number, phase_ >= ServerPhase::kQuitting && !upgrade_.under_way()};
  if (server_ == said) return;
  server_ = said;
  Do(said);
}

void Supervisor::LeaveWhenAlone() {
  const bool leaving = phase_ == ServerPhase::kQuitting || phase_ == ServerPhase::kStopping;
  if (!leaving || slots_.living() > 0 || !generations_.empty()) return;
  if (upgrade_.stage == Upgrading::Stage::kSpawning || upgrade_.stage == Upgrading::Stage::kEnding) return;
  if (upgrade_.under_way()) {
    Do(CompleteUpgrade{upgrade_.pid});
    upgrade_.deadline.reset();
    if (StandsIn()) {
      Enter(ServerPhase::kStandIn);
      AnswerTheRest();
      return Say(Level::kNotice,
                 fmt::format("no worker is left; staying for the new master (pid {}), so that what waits for "
                             "this process waits for that one",
                             upgrade_.pid));
    }
  }
  Enter(ServerPhase::kLeft);
  if (start_failure_) Do(*start_failure_);
  AnswerTheRest();
  Say(Level::kNotice, "exit");
  Do(Leave{exit_code_});
}

}  // namespace colmeia::supervisor
