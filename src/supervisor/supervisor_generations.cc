// The way of a generation: compiled, opened, started, promoted; or rolled back.
#include <fmt/core.h>

#include "supervisor/supervisor.h"
#include "supervisor/words.h"

namespace colmeia::supervisor {

using log::Level;

void Supervisor::BeginGeneration(PlanPtr plan) {
  Generation& generation = generations_.emplace_back();
  generation.number = ++last_generation_;
  if (generation.number > 1) Do(Reloading{generation.number});
  for (PendingRequest& request : requests_) {
    if (request.command == supervisor::Command::kReload && request.turn == 0) request.turn = generation.number;
  }
  if (plan != nullptr) {
    Open(generation, std::move(plan));
    return;
  }
  generation.compiler_lives = true;
  generation.deadline = now_ + kCompileLimit;
  Do(Compile{generation.number});
}

void Supervisor::Open(Generation& generation, PlanPtr plan) {
  generation.stage = Stage::kOpening;
  generation.plan = std::move(plan);
  if (generation.number == 1) daemon_ = generation.plan->daemon;  // a reload does not change it
  Do(OpenResources{generation.number, generation.plan});
}

void Supervisor::Promote(Generation& generation) {
  std::string text =
      fmt::format("generation {} serves with {}", generation.number, Count(generation.seats.size(), "worker"));
  for (Generation& old : generations_) {
    if (!old.current()) continue;
    old.stage = Stage::kRetiring;
    text += fmt::format(", generation {} drains", old.number);
  }
  generation.stage = Stage::kServing;
  degraded_ = false;
  all_ready_.reset();
  Do(supervisor::Promote{generation.number});
  const bool starts = phase_ == ServerPhase::kStarting;
  if (starts) Enter(ServerPhase::kServing);
  UpdateServer();
  Say(Level::kNotice, text);
  for (PendingRequest& request : requests_) {
    if (request.command != supervisor::Command::kReload || request.turn != generation.number) continue;
    request.result = text;
    request.result_due = now_ + kLastAccept;
  }
  Answer([](const PendingRequest& it) { return it.command == supervisor::Command::kScale; },
         RequestOutcome::kRolledBack, fmt::format("a reload came in between: {}", text));
  Answer([](const PendingRequest& it) { return it.command == supervisor::Command::kRestart; }, RequestOutcome::kOk,
         fmt::format("a reload replaced all workers: {}", text));
  if (starts) {
    Do(Started{});
  } else {
    Do(Reloaded{generation.number, RequestOutcome::kOk, ""});
  }
}

// Rolls a generation back that is on its way up. The old one has not noticed; without an old one, that was the server.
void Supervisor::Fail(Generation& generation, RequestOutcome outcome, std::string_view what, const std::string& why) {
  if (!generation.rising()) return;
  generation.stage = Stage::kRetiring;
  generation.rejected = true;
  generation.deadline.reset();
  if (generation.compiler_lives) Do(CancelCompile{generation.number});

  const Generation* serving = current();
  std::string rest = "the server does not start";
  if (serving != nullptr) {
    rest = fmt::format("generation {} {}", serving->number,
                       serving->stage == Stage::kServing ? "keeps serving" : "stays, without workers");
  }
  const std::vector<std::string> lines = Lines(why);
  const std::string headline = fmt::format("generation {} {}, {}: ", generation.number, what, rest);
  Say(Level::kEmerg, headline + lines.front());
  for (std::size_t i = 1; i < lines.size(); ++i) Say(Level::kEmerg, lines[i]);
  if (phase_ == ServerPhase::kStarting) {
    Enter(ServerPhase::kStopping);
    exit_code_ = static_cast<int>(outcome);
    start_failure_ = StartFailed{outcome, why};
    reload_wanted_ = false;
  } else {
    Do(Reloaded{generation.number, outcome, why});
  }
  const std::uint32_t number = generation.number;
  Answer([number](const PendingRequest& it) { return it.command == supervisor::Command::kReload && it.turn == number; },
         outcome, headline + why);
}

Generation* Supervisor::Find(std::uint32_t number) {
  for (Generation& generation : generations_) {
    if (generation.number == number) return &generation;
  }
  return nullptr;
}

const Generation* Supervisor::Find(std::uint32_t number) const {
  for (const Generation& generation : generations_) {
    if (generation.number == number) return &generation;
  }
  return nullptr;
}

Generation* Supervisor::Rising() {
  for (Generation& generation : generations_) {
    if (generation.rising()) return &generation;
  }
  return nullptr;
}

std::size_t Supervisor::ReadySeats(const Generation& generation) const {
  std::size_t ready = 0;
  for (std::uint32_t i = 0; i < slots_.used(); ++i) {
    const Slot& slot = slots_[i];
    const bool fills = slot.seated && slot.generation == generation.number && slot.seat < generation.seats.size();
    if (fills && slot.state == SlotState::kReady) ++ready;
  }
  return ready;
}

std::vector<std::uint32_t> Supervisor::EmptySeats(const Generation& generation) const {
  std::vector<bool> filled(generation.seats.size());
  for (std::uint32_t i = 0; i < slots_.used(); ++i) {
    const Slot& slot = slots_[i];
    if (!slot.living() || !slot.seated || slot.generation != generation.number) continue;
    if (slot.seat < filled.size()) filled[slot.seat] = true;
  }
  std::vector<std::uint32_t> empty;
  for (std::uint32_t seat = 0; seat < filled.size(); ++seat) {
    if (!filled[seat]) empty.push_back(seat);
  }
  return empty;
}

util::Milliseconds Supervisor::DrainLimit(std::uint32_t number) const {
  const Generation* generation = Find(number);
  if (generation == nullptr || generation->plan == nullptr) return kForcedDrain;
  const util::Milliseconds limit = generation->plan->shutdown_timeout;
  return limit.count() == 0 && (generation->rejected || generation->hurried) ? kForcedDrain : limit;
}

}  // namespace colmeia::supervisor
