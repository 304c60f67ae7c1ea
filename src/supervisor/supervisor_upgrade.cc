// The change to a new binary (supervisor/upgrading.h): started beside us, and either it serves or nothing has happened.
#include <csignal>

#include <fmt/core.h>

#include "supervisor/supervisor.h"
#include "supervisor/words.h"

namespace colmeia::supervisor {

using log::Level;
using supervisor::Command;

void Supervisor::BeginUpgrade(const Requester& requester) {
  if (phase_ >= ServerPhase::kQuitting) return Refuse(requester, "the server is stopping");
  if (current() == nullptr) return Refuse(requester, "the server is starting");
  if (const Generation* rising = Rising(); rising != nullptr) {
    return Refuse(requester, fmt::format("generation {} is starting", rising->number));
  }
  if (upgrade_.under_way()) {
    return Refuse(requester, upgrade_.pid != 0 ? fmt::format("a new binary (pid {}) runs already", upgrade_.pid)
                                               : "a new binary is being started already");
  }
  if (old_master_ != 0) {
    return Refuse(requester, fmt::format("the master that started this one (pid {}) has not left yet", old_master_));
  }
  Say(Level::kNotice, fmt::format("{}, {}", requester.received, RowOf(Wish::kUpgrade).action));
  upgrade_.stage = Upgrading::Stage::kSpawning;
  upgrade_.by_request = requester.request.has_value();
  Await(requester, Command::kUpgrade);
  Do(StartUpgrade{});
}

void Supervisor::Handle(const UpgradeSpawned& event) {
  if (upgrade_.pid != 0 || !upgrade_.under_way()) return;
  upgrade_.pid = event.pid;
  if (upgrade_.stage == Upgrading::Stage::kEnding) return EndUpgrade(upgrade_.why);  // we were told to stop meanwhile
  upgrade_.stage = Upgrading::Stage::kStarting;
  Say(Level::kNotice, fmt::format("new binary started (pid {})", event.pid));
  const Generation* generation = current();
  if (upgrade_.by_request && generation != nullptr) {
    upgrade_.deadline = now_ + generation->plan->start_timeout + kUpgradeLimit;
  }
}

void Supervisor::Handle(const UpgradeReady&) {
  if (upgrade_.stage != Upgrading::Stage::kStarting) return;
  upgrade_.stage = Upgrading::Stage::kServing;
  upgrade_.deadline.reset();
  std::string text = fmt::format("new binary (pid {}) serves", upgrade_.pid);
  if (!upgrade_.by_request || phase_ != ServerPhase::kServing) {
    return Say(Level::kNotice, text + ", and so does this one: WINCH, QUIT or HUP tell it how to go on");
  }
  Say(Level::kNotice, text + ", the workers of this one shut down");
  upgrade_.stage = Upgrading::Stage::kRetiring;
  upgrade_.deadline = now_ + kUpgradePatience;
  for (Generation& generation : generations_) {
    if (generation.current()) Rest(generation, "a new binary took over");
  }
}

void Supervisor::Handle(const UpgradeFailed& event) {
  switch (upgrade_.stage) {
    case Upgrading::Stage::kSpawning:
      return UpgradeOver(event.why);
    case Upgrading::Stage::kStarting:
      // It leaves by itself, unless even that fails.
      upgrade_.stage = Upgrading::Stage::kEnding;
      upgrade_.why = event.why;
      upgrade_.deadline = now_ + kFailedGrace;
      return;
    case Upgrading::Stage::kEnding:
      if (upgrade_.pid == 0) UpgradeOver(upgrade_.why);
      return;
    default:
      return Say(Level::kError, fmt::format("new binary (pid {}): {}", upgrade_.pid, OneLine(event.why)));
  }
}

void Supervisor::Handle(const UpgradeExited& event) {
  if (upgrade_.pid == 0) return;
  const std::string how = DescribeExit(event.code, event.signal);
  if (phase_ == ServerPhase::kStandIn) {
    Say(Level::kNotice, fmt::format("the new master (pid {}) {}", upgrade_.pid, how));
    Enter(ServerPhase::kLeft);
    return Do(Leave{event.signal != 0 ? 128 + event.signal : event.code});
  }
  switch (upgrade_.stage) {
    case Upgrading::Stage::kStarting:
      return UpgradeOver(fmt::format("it {} before it served", how));
    case Upgrading::Stage::kEnding:
      return UpgradeOver(upgrade_.why);
    default:
      return UpgradeOver(fmt::format("it {}", how));
  }
}

// It is not wanted any more. What came of it is told once it is gone.
void Supervisor::EndUpgrade(std::string why) {
  upgrade_.stage = Upgrading::Stage::kEnding;
  upgrade_.why = std::move(why);
  upgrade_.deadline.reset();
  if (upgrade_.pid == 0) return;  // when it is spawned
  upgrade_.deadline = now_ + kUpgradeGrace;
  Do(ForwardSignal{SIGTERM});
}

// No process of it is left, and we are what we were before.
void Supervisor::UpgradeOver(std::string why) {
  const std::string name =
      upgrade_.pid != 0 ? fmt::format("new binary (pid {})", upgrade_.pid) : std::string("new binary");
  upgrade_ = Upgrading{};
  Do(AbandonUpgrade{});
  std::string rest = "this one is stopping";
  if (phase_ == ServerPhase::kServing)
    rest = WakeGeneration() ? "this one starts its workers again" : "this one keeps serving";
  const std::vector<std::string> lines = Lines(why);
  const std::string headline = fmt::format("{} given up, {}: ", name, rest);
  Say(Level::kAlert, headline + lines.front());
  for (std::size_t i = 1; i < lines.size(); ++i) Say(Level::kAlert, lines[i]);
  Answer([](const PendingRequest& it) { return it.command == Command::kUpgrade; }, RequestOutcome::kRolledBack,
         headline + why);
}

void Supervisor::UpgradeOverdue() {
  upgrade_.deadline.reset();
  const Generation* generation = current();
  switch (upgrade_.stage) {
    case Upgrading::Stage::kStarting: {
      const util::Milliseconds limit =
          kUpgradeLimit + (generation != nullptr ? generation->plan->start_timeout : util::Milliseconds{0});
      return EndUpgrade(fmt::format("it did not serve within {}", Words(limit)));
    }
    case Upgrading::Stage::kRetiring:
      return Answer([](const PendingRequest& it) { return it.command == Command::kUpgrade; }, RequestOutcome::kOk,
                    fmt::format("new binary (pid {}) serves; the old one still drains {}", upgrade_.pid,
                                Count(slots_.living(), "worker")));
    case Upgrading::Stage::kEnding:
      Say(Level::kWarn, fmt::format("new binary (pid {}) did not leave, killing it", upgrade_.pid));
      return Do(ForwardSignal{SIGKILL});
    default:
      return;
  }
}

// By request: our last worker is gone, and so are we.
void Supervisor::LeaveAfterUpgrade() {
  if (phase_ != ServerPhase::kServing || upgrade_.stage != Upgrading::Stage::kRetiring || slots_.living() > 0) return;
  Answer([](const PendingRequest& it) { return it.command == Command::kUpgrade; }, RequestOutcome::kOk,
         StandsIn() ? fmt::format("new binary (pid {}) serves; the old one has no workers any more, and stays for the "
                                  "process that waits for it",
                                  upgrade_.pid)
                    : fmt::format("new binary (pid {}) serves, the old one has left", upgrade_.pid));
  EndGenerations("a new binary took over", 0);
  Enter(ServerPhase::kQuitting);
}

// HUP while a new binary runs: our workers are wanted again, with the configuration that they had.
void Supervisor::BringBack(const Requester& requester) {
  const Generation* generation = current();
  if (upgrade_.stage == Upgrading::Stage::kRetiring) {
    return Refuse(requester, fmt::format("the new binary (pid {}) takes over, reload that one", upgrade_.pid));
  }
  if (!WakeGeneration()) {
    return Refuse(requester,
                  "a new binary is under way and the workers of this one serve; the configuration is its affair");
  }
  Say(Level::kNotice, fmt::format("{}, starting the workers of generation {} again, with the configuration that it has",
                                  requester.received, generation->number));
  if (PendingRequest* request = Await(requester, Command::kScale)) {
    request->turn = generation->number;
    request->workers = static_cast<std::uint32_t>(generation->seats.size());
  }
}

// False when the current generation is awake already.
bool Supervisor::WakeGeneration() {
  for (Generation& generation : generations_) {
    if (generation.stage != Stage::kResting) continue;
    generation.stage = Stage::kServing;
    return true;
  }
  return false;
}

// A stand-in passes on what it is told: whoever sends it means the server.
void Supervisor::Forward(const SignalRow& row, const std::string& received) {
  Say(Level::kNotice, fmt::format("{}, forwarded to the new master (pid {})", received, upgrade_.pid));
  Do(ForwardSignal{row.number});
}

}  // namespace colmeia::supervisor
