// Workers that are replaced while they serve: one at a time, and nobody leaves before the next one is ready.
#include <signal.h>

#include <algorithm>

#include <fmt/core.h>

#include "supervisor/supervisor.h"
#include "supervisor/words.h"

namespace colmeia::supervisor {

using log::Level;
using supervisor::Command;

// All workers, one after the other, without reading the configuration again.
void Supervisor::Restart(const Requester& requester) {
  if (phase_ >= ServerPhase::kQuitting) return Refuse(requester, "the server is stopping");
  const Generation* generation = current();
  if (generation == nullptr) return Refuse(requester, "the server is starting");
  if (generation->stage == Stage::kResting) return Refuse(requester, "no workers are left, reload to have them back");
  std::set<std::uint32_t> slots;
  for (std::uint32_t seat = 0; seat < generation->seats.size(); ++seat) {
    const auto slot = slots_.Occupant(generation->number, seat);
    if (!slot) continue;
    rotation_.Add({*slot, Rotation::Reason::kRestart, "is restarted"});
    slots.insert(*slot);
  }
  Say(Level::kNotice, fmt::format("{}, replacing {} one at a time", requester.received, Count(slots.size(), "worker")));
  if (PendingRequest* request = Await(requester, Command::kRestart)) {
    request->workers = static_cast<std::uint32_t>(slots.size());
    request->slots = std::move(slots);
  }
}

// One worker. It leaves for good, or is replaced where its seat is wanted.
void Supervisor::DrainOne(const Requester& requester, std::uint32_t slot) {
  if (phase_ >= ServerPhase::kQuitting) return Refuse(requester, "the server is stopping");
  if (!slots_.Lives(slot)) {
    return Refuse(requester, fmt::format("no worker lives in slot {}", slot), RequestOutcome::kConfiguration);
  }
  const Slot& it = slots_[slot];
  const std::string name = Name(it);
  if (it.state == SlotState::kStarting) return Refuse(requester, name + " is starting");
  const Generation* generation = Find(it.generation);
  if (it.state == SlotState::kReady && it.seated) {
    if (generation == nullptr || !generation->current()) return Refuse(requester, name + " does not serve yet");
    rotation_.Add({slot, Rotation::Reason::kDrain, "is told to leave by " + requester.by});
    Say(Level::kNotice, fmt::format("{}: {} leaves once its replacement is ready", requester.received, name));
  } else {
    Say(Level::kNotice, fmt::format("{}: {} is on its way out already", requester.received, name));
  }
  if (PendingRequest* request = Await(requester, Command::kDrain)) {
    request->slots.insert(slot);
    request->subject = name;
  }
}

// One worker, without asking it. What follows is what follows any death.
void Supervisor::KillOne(const Requester& requester, std::uint32_t slot) {
  if (!slots_.Lives(slot)) {
    return Refuse(requester, fmt::format("no worker lives in slot {}", slot), RequestOutcome::kConfiguration);
  }
  const Slot& it = slots_[slot];
  const std::string name = Name(it);
  if (it.pid == 0) return Refuse(requester, name + " is being made");
  Say(Level::kNotice, fmt::format("{}: {} is killed", requester.received, name));
  Do(Kill{slot, SIGKILL});
  if (requester.request) Do(Reply{*requester.request, RequestOutcome::kOk, name + " was killed"});
}

void Supervisor::Handle(const Recycle& event) {
  const Rotation::Job job{event.slot, Rotation::Reason::kRecycle, event.why};
  if (MayRotate(job) && slots_[job.slot].state == SlotState::kReady) rotation_.Add(job);
}

const Generation* Supervisor::Serving() const {
  const Generation* serving = current();
  return phase_ == ServerPhase::kServing && serving != nullptr && serving->stage == Stage::kServing ? serving : nullptr;
}

bool Supervisor::MayRotate(const Rotation::Job& job) const {
  const Generation* serving = Serving();
  if (serving == nullptr || !slots_.Lives(job.slot)) return false;
  const Slot& it = slots_[job.slot];
  const bool fills = it.seated && it.generation == serving->number && it.seat < serving->seats.size();
  return fills && (it.state == SlotState::kReady || it.state == SlotState::kStarting);
}

// Where it is up to the clock alone, when the next rotation may begin.
std::optional<util::TimePoint> Supervisor::NextRotation() const {
  const Generation* serving = Serving();
  if (serving == nullptr || rotation_.state() != Rotation::State::kIdle) return std::nullopt;
  std::optional<util::TimePoint> next;
  for (const Rotation::Job& job : rotation_.waiting()) {
    if (!MayRotate(job)) continue;
    const util::TimePoint start = serving->seats[slots_[job.slot].seat].next_start();
    if (start > now_ && (!next || start < *next)) next = start;
  }
  return next;
}

void Supervisor::Rotate() {
  const Generation* serving = Serving();
  if (serving == nullptr) return rotation_.Clear();
  if (const auto old = rotation_.old()) {
    const Slot& it = slots_[rotation_.relief().value_or(*old)];
    if (it.generation == serving->number && it.seat < serving->seats.size()) return;
    // The seat is not wanted any more. Where both workers are still to be told so, the next one's turn is not yet.
    const bool both = rotation_.relief().has_value();
    rotation_.Finish();
    if (both) return;
  }
  std::erase_if(rotation_.waiting(), [this](const Rotation::Job& job) {
    if (MayRotate(job)) return false;
    Replaced(job.slot, false);
    return true;
  });
  // A reload replaces everybody anyway, and while a worker is missing nobody else goes.
  if (Rising() != nullptr || ReadySeats(*serving) < serving->seats.size()) return;
  const auto ready = std::find_if(rotation_.waiting().begin(), rotation_.waiting().end(), [&](const auto& job) {
    return serving->seats[slots_[job.slot].seat].next_start() <= now_;
  });
  if (ready == rotation_.waiting().end()) return;
  const auto relief = slots_.Take(serving->number, slots_[ready->slot].seat);
  if (relief) BeginRotation(Rotation::Job(*ready), *relief);
}

void Supervisor::BeginRotation(const Rotation::Job& job, std::uint32_t relief) {
  slots_[relief].seated = false;
  Say(Level::kNotice, fmt::format("{} {}; starting its replacement", Name(slots_[job.slot]), job.why));
  rotation_.Begin(job.slot, relief);
  SpawnInto(*Serving(), slots_[relief].seat, relief);
}

// The relief is ready: it has the seat from here on.
void Supervisor::SwitchSeat() {
  const std::uint32_t old = rotation_.old().value();
  const std::uint32_t relief = rotation_.relief().value();
  rotation_.Switched(now_);
  const SlotState state = slots_[old].state;
  if (state == SlotState::kReady) {
    Tell(old, SlotOrder::kDrain);
  } else {
    slots_[old].seated = false;  // it is ending by itself
  }
  slots_[relief].seated = true;
}

// A worker gives up its seat, for whatever reason. A relief that is on its way to it fills it at once.
void Supervisor::LeaveSeat(std::uint32_t slot) {
  slots_[slot].seated = false;
  if (rotation_.old() != slot || !rotation_.relief()) return;
  slots_[*rotation_.relief()].seated = true;
  rotation_.Finish();
}

void Supervisor::ReliefFailed(const std::string& what) {
  const std::uint32_t old = rotation_.old().value();
  rotation_.Finish();
  const Slot& it = slots_[old];
  if (Generation* generation = Find(it.generation); generation != nullptr && it.seat < generation->seats.size()) {
    generation->seats[it.seat].DiedStarting(now_);
  }
  const std::string text = fmt::format("{} keeps serving, its replacement {}", Name(it), what);
  Say(Level::kError, text);
  bool restarts = false;
  for (const PendingRequest& request : requests_) {
    restarts = restarts || (request.command == Command::kRestart && request.slots.contains(old));
  }
  Answer([old](const PendingRequest& request) { return request.slots.contains(old); }, RequestOutcome::kRolledBack,
         text);
  if (!restarts) return;
  Answer([](const PendingRequest& request) { return request.command == Command::kRestart; },
         RequestOutcome::kRolledBack, text);
  std::erase_if(rotation_.waiting(), [](const auto& job) { return job.reason == Rotation::Reason::kRestart; });
}

// A worker that was to be replaced has been, and is gone or takes too long to finish what it has open.
void Supervisor::Replaced(std::uint32_t slot, bool gone) {
  for (PendingRequest& request : requests_) {
    if (gone || request.command == Command::kRestart) request.slots.erase(slot);
  }
  if (gone) std::erase_if(rotation_.waiting(), [slot](const Rotation::Job& job) { return job.slot == slot; });
  if (rotation_.state() == Rotation::State::kLeaving && rotation_.old() == slot) rotation_.Finish();
}

}  // namespace colmeia::supervisor
