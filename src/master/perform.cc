// What the supervisor decided, performed: one function for each kind of action.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/core.h>

#include "ipc/codec.h"
#include "log/error_log.h"
#include "master/master.h"
#include "supervisor/signals.h"
#include "supervisor/words.h"
#include "sys/sockets.h"
#include "sys/title.h"

namespace colmeia::master {

namespace {

std::uint32_t SendLog(WorkerChild& child, std::uint32_t ordinal, const resources::OpenLog& log) {
  // Without a descriptor to spare the worker gets the master's: it has to have one.
  const auto own = resources::LogFiles::ForWorker(log);
  return child.Send(ipc::Lend{ipc::LentKind::kLog, ordinal, log.path}, {own ? own->get() : log.fd.get()});
}

}  // namespace

void Master::Perform(const supervisor::Compile& action) {
  const std::uint32_t generation = action.generation;
  auto child = CompilerChild::Spawn(loop_, *this, options_.command_line, [this, generation](CompilerResult result) {
    // The child cannot be destroyed inside its own callback's frame by us: keep it until this function ends.
    const auto node = compilers_.extract(generation);
    recorder_.Ended(node.mapped()->party(), supervisor::DescribeExit(result.exit.code, result.exit.signal));
    if (result.plan) texts_[generation] = std::move(result.text);
    OnEvent(supervisor::Compiled{generation, result.plan, result.why});
  });
  if (!child) {
    OnEvent(supervisor::Compiled{generation, nullptr, child.error().message});
    return;
  }
  (*child)->generation = generation;
  recorder_.Born((*child)->party(), "compiler");
  compilers_.emplace(generation, *std::move(child));
}

void Master::Perform(const supervisor::CancelCompile& action) {
  const auto child = compilers_.find(action.generation);
  if (child == compilers_.end()) return;
  child->second->Kill();
  recorder_.Killed(child->second->party(), supervisor::DescribeSignal(SIGKILL));
}

void Master::Perform(const supervisor::OpenResources& action) {
  const std::uint32_t generation = action.generation;
  mender_.LookNow();
  opening_.Open(
      generation, action.plan, [this, plan = action.plan, generation, cause = recorder_.cause()](Result<> opened) {
        recorder_.Because(cause);
        if (opened) {
          opened = desk_.Open(generation, plan->control_path);
          if (!opened) resources_.Close(generation);
        }
        recorder_.Noted({.kind = trace::EventKind::kListener,
                         .generation = generation,
                         .text = opened ? fmt::format("opened {}", plan->listeners.size()) : opened.error().message});
        if (opened) {
          OnEvent(supervisor::ResourcesOpened{generation});
        } else {
          OnEvent(supervisor::ResourcesFailed{generation, opened.error().message});
        }
      });
}

void Master::Perform(const supervisor::Promote& action) {
  resources_.Promote(action.generation);
  handoff_.Promoted(action.generation);
  desk_.Promote(action.generation, resources_.Find(action.generation)->plan->control_path);
  recorder_.Noted({.kind = trace::EventKind::kGeneration, .generation = action.generation, .text = "current"});
}

void Master::Perform(const supervisor::RemoveListeners& action) {
  if (successor_ != nullptr) return;  // the new binary has the same sockets, and its workers accept from them
  handoff_.Closing(action.generation);
  const std::vector<std::uint32_t> removed = resources_.Remove(action.generation);
  if (removed.empty()) return;
  std::vector<WorkerChild*> workers;
  std::vector<std::uint32_t> seats;
  for (const auto& [slot, child] : workers_) {
    if (child->generation != action.generation || !child->adopted) continue;
    workers.push_back(child.get());
    seats.push_back(child->seat);
  }
  const resources::OpenGeneration& open = *resources_.Find(action.generation);
  for (const std::uint32_t ordinal : removed) {
    const resources::OpenListener& listener = *open.listeners[ordinal];
    // Sockets that none of these workers has are emptied by whoever comes first.
    const std::vector<std::size_t> orphans = open.NotServedBy(ordinal, seats);
    for (WorkerChild* const worker : workers) {
      for (const std::size_t socket : orphans) {
        worker->Send(ipc::Lend{ipc::LentKind::kListener, ordinal, listener.name()}, {listener.sockets()[socket].get()});
      }
      worker->Send(ipc::Removed{ordinal});
    }
  }
  recorder_.Noted({.kind = trace::EventKind::kListener,
                   .generation = action.generation,
                   .text = fmt::format("removed {}", removed.size())});
}

void Master::Perform(const supervisor::CloseListeners& action) {
  handoff_.Closing(action.generation);
  resources_.CloseListeners(action.generation);
  recorder_.Noted({.kind = trace::EventKind::kListener, .generation = action.generation, .text = "closed"});
}

void Master::Perform(const supervisor::CloseGeneration& action) {
  opening_.Cancel(action.generation);
  desk_.Abandon(action.generation);
  handoff_.Closing(action.generation);
  resources_.Close(action.generation);
  texts_.erase(action.generation);
  clones_.Look();
  recorder_.Noted({.kind = trace::EventKind::kGeneration, .generation = action.generation, .text = "closed"});
}

void Master::Perform(const supervisor::Spawn& action) {
  const resources::OpenGeneration* const open = resources_.Find(action.generation);
  CHECK(open != nullptr);
  auto child = WorkerChild::Spawn(loop_, *this, action.slot, open->plan->environment);
  if (!child) {
    OnEvent(supervisor::SpawnFailed{action.slot, child.error().message});
    return;
  }
  const pid_t pid = (*child)->pid();
  (*child)->generation = action.generation;
  (*child)->seat = action.seat;
  recorder_.Born((*child)->party(), fmt::format("worker {}", action.seat));
  workers_[action.slot] = *std::move(child);
  OnEvent(supervisor::Spawned{action.slot, pid});
}

void Master::Perform(const supervisor::Adopt& action) {
  WorkerChild* const child = FindWorker(action.slot);
  const resources::OpenGeneration* const open = resources_.Find(action.generation);
  if (child == nullptr || open == nullptr) return;
  // Workers that were added since the configuration was read need sockets of their own.
  if (auto grown = resources_.GrowClones(action.generation, action.seats); !grown) {
    log::Main().Print(log::Level::kError, "master: {}", grown.error().message);
  }
  std::vector<std::vector<std::size_t>> sockets;  // by listener
  std::size_t count = 0;
  for (std::uint32_t i = 0; i < open->listeners.size(); ++i) {
    sockets.emplace_back();
    if (const auto socket = open->SocketFor(i, action.seat)) sockets.back().push_back(*socket);
    for (const std::size_t socket : open->BorrowedBy(i, action.seat, action.seats)) sockets.back().push_back(socket);
    count += sockets.back().size();
  }
  // Only its own are looked at: with a socket for each seat, all of them for each worker would be a square.
  const auto is_deaf = [&](std::uint32_t listener) {
    return std::any_of(sockets[listener].begin(), sockets[listener].end(), [&](std::size_t socket) {
      return !sys::IsListening(open->listeners[listener]->sockets()[socket].get());
    });
  };
  for (std::uint32_t i = 0; i < sockets.size(); ++i) {
    if (!is_deaf(i)) continue;
    mender_.Look();
    break;
  }
  ipc::Adopt adopt;
  adopt.generation = action.generation;
  adopt.slot = action.slot;
  adopt.seat = action.seat;
  adopt.seats = action.seats;
  adopt.listeners = static_cast<std::uint32_t>(count);
  adopt.logs = static_cast<std::uint32_t>(open->logs.size());
  adopt.zones = static_cast<std::uint32_t>(open->zones.size());
  adopt.holder = HolderOf(action.slot);
  // One row of the affinity is enough for one seat, and a frame has its limit.
  ipc::Identity identity = open->plan->identity;
  if (!identity.affinity.empty()) {
    identity.affinity = {identity.affinity[std::min<std::size_t>(action.seat, identity.affinity.size() - 1)]};
  }
  adopt.identity = ipc::Encode(identity);
  child->Send(adopt, {texts_.at(action.generation).get(), board_.fd(), recorder_.fd()});
  for (std::uint32_t i = 0; i < sockets.size(); ++i) {
    const resources::OpenListener& listener = *open->listeners[i];
    for (const std::size_t socket : sockets[i]) {
      child->Send(ipc::Lend{ipc::LentKind::kListener, i, listener.name()}, {listener.sockets()[socket].get()});
    }
  }
  for (std::uint32_t i = 0; i < open->logs.size(); ++i) {
    static_cast<void>(SendLog(*child, i, *open->logs[i]));
  }
  for (std::uint32_t i = 0; i < open->zones.size(); ++i) {
    const resources::OpenZone& zone = *open->zones[i];
    child->Send(ipc::Lend{ipc::LentKind::kZone, i, zone.planned.name}, {zone.fd.get()});
  }
  child->Send(ipc::Go{});
  child->adopted = true;
  clones_.Adopted(action.slot, action.generation, action.seat, action.seats);
}

void Master::Perform(const supervisor::MendListeners& action) {
  mender_.Look();
  const resources::OpenGeneration* const open = resources_.Find(action.generation);
  WorkerChild* const child = FindWorker(action.slot);
  if (open == nullptr || child == nullptr || action.ordinal >= open->listeners.size()) return;
  const resources::OpenListener& listener = *open->listeners[action.ordinal];
  const auto socket = open->SocketFor(action.ordinal, child->seat);
  if (!socket || mender_.MendedLately(listener) || !sys::IsListening(listener.sockets()[*socket].get())) return;
  if (std::exchange(child->relent, true)) return;
  log::Main().Print(
      log::Level::kAlert,
      "master: accept4() failed ({}: {}) in the worker in slot {}, though {} listens: sent it the socket again",
      action.code, std::strerror(action.code), action.slot, listener.name());
  child->Send(ipc::Lend{ipc::LentKind::kListener, action.ordinal, listener.name()},
              {listener.sockets()[*socket].get()});
}

// Those who drain have nothing to take there.
std::size_t Master::HandOut(const resources::OpenListener& listener, const std::vector<std::size_t>& sockets) {
  std::size_t count = 0;
  for (const auto& [slot, child] : workers_) {
    const resources::OpenGeneration* const open = resources_.Find(child->generation);
    if (!child->adopted || open == nullptr) continue;
    bool has_any = false;
    for (std::uint32_t ordinal = 0; ordinal < open->listeners.size(); ++ordinal) {
      if (open->listeners[ordinal].get() != &listener) continue;
      const auto own = open->SocketFor(ordinal, child->seat);
      for (const std::size_t socket : sockets) {
        if (own != socket && listener.clones().BorrowerOf(socket) != slot) continue;
        child->Send(ipc::Lend{ipc::LentKind::kListener, ordinal, listener.name()}, {listener.sockets()[socket].get()});
        has_any = true;
      }
    }
    if (has_any) ++count;
  }
  // With `accept_by handoff` the master itself accepts, from the sockets as they are now.
  const supervisor::Generation* const current = supervisor_.current();
  if (current != nullptr && resources_.Find(current->number) != nullptr) handoff_.Mended(current->number);
  recorder_.Noted({.kind = trace::EventKind::kListener, .text = fmt::format("mended {}", listener.name())});
  return count;
}

void Master::Perform(const supervisor::SeatsChanged& action) {
  std::vector<resources::ReuseportKeeper::Borrower> ready;
  const supervisor::SlotTable& slots = supervisor_.slots();
  for (std::uint32_t i = 0; i < slots.used(); ++i) {
    const supervisor::Slot& slot = slots[i];
    const bool serves =
        slot.state == supervisor::SlotState::kReady && slot.generation == action.generation && slot.seated;
    if (serves) ready.push_back({i, slot.seat});
  }
  clones_.SeatsChanged(action.generation, action.seats, action.wanted, std::move(ready));
}

void Master::Perform(const supervisor::Send& action) {
  const bool ends =
      std::holds_alternative<ipc::Drain>(action.message) || std::holds_alternative<ipc::Stop>(action.message);
  if (ends) clones_.Gone(action.slot);
  if (WorkerChild* const child = FindWorker(action.slot)) child->Send(action.message);
}

void Master::Perform(const supervisor::Kill& action) {
  WorkerChild* const child = FindWorker(action.slot);
  if (child == nullptr) return;
  child->Kill(action.signal);
  recorder_.Killed(child->party(), supervisor::DescribeSignal(action.signal));
}

void Master::Perform(const supervisor::CloseChannel& action) {
  if (WorkerChild* const child = FindWorker(action.slot)) child->CloseChannel();
}

void Master::Perform(const supervisor::Respawning& action) {
  stats_.Respawn({.generation = action.generation,
                  .seat = action.seat,
                  .pid = action.pid,
                  .when = {},
                  .why = supervisor::OneLine(action.why)});
}

void Master::Perform(const supervisor::SetState& action) {
  switch (action.state) {
    case supervisor::SlotState::kStarting:
      // The process is known at the second time; until then the slot is nobody's.
      if (action.pid != 0) board_.Occupy(action.slot, {action.pid, action.generation, action.seat});
      break;
    case supervisor::SlotState::kEmpty:
      board_.Retire(action.slot);
      resources_.GiveBackZones(HolderOf(action.slot));
      break;
    default:
      board_.SetState(action.slot, action.state);
  }
  if (action.state == supervisor::SlotState::kReady) {
    handoff_.Ready(action.slot, action.generation);
  } else {
    handoff_.Leaving(action.slot);
  }
  if (action.state == supervisor::SlotState::kStarting && action.pid == 0) return;
  recorder_.State({trace::Peer::kWorker, action.slot, action.seat, action.generation, action.pid},
                  std::string(scoreboard::SlotStateName(action.state)));
}

void Master::Perform(const supervisor::SetServer& action) {
  board_.SetServer(action.state, action.generation);
  if (action.ending) notifier_.Stopping();
  notifier_.Status(fmt::format("generation {}: {}", action.generation, scoreboard::ServerStateName(action.state)));
  recorder_.Noted({.kind = trace::EventKind::kServer,
                   .generation = action.generation,
                   .text = std::string(scoreboard::ServerStateName(action.state))});
}

void Master::Perform(const supervisor::ReopenLogs&) {
  resources::LogFiles::Reopened reopened = resources_.logs().Reopen();
  supervisor::LogsReopened event;
  event.files = reopened.files;
  event.failures = std::move(reopened.failures);
  recorder_.Noted({.kind = trace::EventKind::kLog, .text = "reopened " + supervisor::Count(event.files, "file")});
  for (const auto& [slot, child] : workers_) {
    const resources::OpenGeneration* const open = resources_.Find(child->generation);
    if (!child->adopted || open == nullptr) continue;
    for (std::uint32_t i = 0; i < open->logs.size(); ++i) {
      const std::uint32_t sequence = SendLog(*child, i, *open->logs[i]);
      if (sequence != 0) event.sent.push_back({slot, sequence});
    }
  }
  OnEvent(std::move(event));
}

void Master::Perform(const supervisor::Log& action) { log::Main().Write(action.level, action.text); }

void Master::Perform(const supervisor::Started&) {
  options_.old_master.Ready();
  notifier_.Ready();
  notifier_.FeedWatchdog([this] { return monitor_.AnyAlive(); });
  if (options_.on_start) options_.on_start(supervisor::RequestOutcome::kOk, {});
}

void Master::Perform(const supervisor::StartFailed& action) {
  options_.old_master.Failed(action.why);
  if (options_.on_start) options_.on_start(action.outcome, action.why);
}

void Master::Perform(const supervisor::Reply& action) {
  recorder_.Noted(
      {.kind = trace::EventKind::kReply, .peer = trace::Peer::kOperator, .text = supervisor::OneLine(action.message)});
  desk_.Answer(action);
}

void Master::Perform(const supervisor::Reloading& action) {
  stats_.ReloadBegins(action.generation);
  recorder_.ReloadBegins(action.generation);
  notifier_.Reloading();
}

void Master::Perform(const supervisor::Reloaded& action) {
  stats_.ReloadEnds(action.generation, action.why);
  recorder_.Noted({.kind = trace::EventKind::kGeneration,
                   .generation = action.generation,
                   .text = action.why.empty()
                               ? std::string(trace::kGenerationServes)
                               : fmt::format("{}: {}", trace::kGenerationRejected, supervisor::OneLine(action.why))});
  notifier_.Ready();
}

void Master::Perform(const supervisor::StartUpgrade&) {
  if (auto spawned = SpawnUpgrade(); !spawned) {
    Perform(supervisor::AbandonUpgrade{});
    OnEvent(supervisor::UpgradeFailed{spawned.error().message});
    return;
  }
  // While two masters hold the sockets, closing one of them would not close it.
  clones_.Hold(true);
  recorder_.Born(SuccessorParty(), options_.program);
  OnEvent(supervisor::UpgradeSpawned{successor_->pid()});
}

Result<> Master::SpawnUpgrade() {
  mender_.LookNow();
  if (auto aside = resources_.PutPidFileAside(); !aside) return aside;
  if (auto aside = desk_.PutAside(); !aside) return aside;
  SuccessorOptions options;
  options.program = options_.program;
  options.arguments = options_.arguments;
  for (char** entry = environ; *entry != nullptr; ++entry) options.environment.emplace_back(*entry);
  options.sockets = resources_.SocketsToHandOver();
  options.zones = resources_.ZonesToHandOver(zone_side_);
  options.stdout_fd = resources_.logs().original_stdout();
  options.stderr_fd = resources_.logs().original_stderr();
  auto successor = Successor::Spawn(loop_, *this, options);
  if (!successor) return tl::unexpected(successor.error());
  successor_ = *std::move(successor);
  return {};
}

void Master::Perform(const supervisor::ForwardSignal& action) {
  if (successor_ == nullptr) return;
  successor_->Kill(action.number);
  recorder_.Killed(SuccessorParty(), supervisor::DescribeSignal(action.number));
}

void Master::Perform(const supervisor::AbandonUpgrade&) {
  successor_.reset();
  clones_.Hold(false);
  // What its workers had counted.
  resources_.GiveBackSide((zone_side_ + 1) % zone::kSides);
  if (auto back = resources_.TakePidFileBack(); !back) log::Main().Write(log::Level::kAlert, back.error().message);
  if (auto back = desk_.TakeBack(); !back) log::Main().Write(log::Level::kAlert, back.error().message);
}

void Master::Perform(const supervisor::CompleteUpgrade& action) {
  notifier_.MainPid(action.pid);
  desk_.Close();
  resources_.RemovePidFile();
  if (successor_ != nullptr) successor_->CloseChannel();
  sys::SetTitle(fmt::format("colmeia: stand-in for the new master (pid {})", action.pid));
}

void Master::Perform(const supervisor::Leave& action) {
  desk_.Close();
  resources_.RemovePidFile();
  exit_code_ = action.exit_code;
  loop_.Stop();
}

}  // namespace colmeia::master
