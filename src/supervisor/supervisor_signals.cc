// What an operator asks for, by signal or by request. Each makes one log line, which says what comes of it.
#include <csignal>

#include <fmt/core.h>

#include "supervisor/supervisor.h"
#include "supervisor/words.h"

namespace colmeia::supervisor {

using log::Level;
using supervisor::Command;

void Supervisor::Handle(const Signal& event) {
  Requester requester;
  requester.by = DescribeSignal(event.number);
  requester.received = requester.by + " received";
  if (event.sender != 0) requester.received += fmt::format(" from {}", event.sender);
  const std::string& received = requester.received;
  const SignalRow* row = FindSignal(event.number);
  if (row == nullptr) return Say(Level::kNotice, received + ", ignored");
  if (row->processes_only && !event.from_process) return Say(Level::kDebug, received + ", ignored: no process sent it");
  if (phase_ == ServerPhase::kStandIn) {
    // A terminal tells its whole foreground group: the new master has heard it already.
    if (!event.from_process) return Say(Level::kDebug, received + ", not forwarded: the terminal told both");
    return Forward(*row, received);
  }
  switch (row->wish) {
    case Wish::kStop:
      return Stop(requester);
    case Wish::kQuit:
      return Quit(requester);
    case Wish::kReload:
      return Reload(requester);
    case Wish::kReopen:
      return Reopen(requester);
    case Wish::kUpgrade:
      return BeginUpgrade(requester);
    case Wish::kRetire:
      return Retire(requester);
    case Wish::kMore:
    case Wish::kFewer:
      return Scale(requester, row->wish, 0);
  }
}

// TERM, INT: workers leave now. Again: no more waiting for them.
void Supervisor::Stop(const Requester& requester) {
  if (phase_ == ServerPhase::kStopping) {
    Say(Level::kNotice, requester.received + ", killing the workers that are left");
    Await(requester, Command::kStop);
    return KillAll();
  }
  Say(Level::kNotice, fmt::format("{}, {}", requester.received, RowOf(Wish::kStop).action));
  EndGenerations(fmt::format("the server was told to stop by {}", requester.by), SIGTERM);
  Await(requester, Command::kStop);
  Enter(ServerPhase::kStopping);
}

// QUIT: workers finish what is open.
void Supervisor::Quit(const Requester& requester) {
  if (phase_ >= ServerPhase::kQuitting) {
    if (requester.request && phase_ == ServerPhase::kQuitting) {
      Await(requester, Command::kQuit);
      return Say(Level::kNotice, requester.received + ", the server is stopping already");
    }
    return Refuse(requester, "the server is stopping already");
  }
  Say(Level::kNotice, fmt::format("{}, {}", requester.received, RowOf(Wish::kQuit).action));
  EndGenerations(fmt::format("the server was told to stop by {}", requester.by), SIGQUIT);
  Await(requester, Command::kQuit);
  Enter(ServerPhase::kQuitting);
}

// HUP: a new generation; the one after the present attempt, if one is under way.
void Supervisor::Reload(const Requester& requester) {
  if (phase_ >= ServerPhase::kQuitting) return Refuse(requester, "the server is stopping");
  if (upgrade_.under_way()) return BringBack(requester);
  reload_wanted_ = true;
  Await(requester, Command::kReload);
  const std::string_view action = RowOf(Wish::kReload).action;
  const Generation* rising = Rising();
  if (rising == nullptr) return Say(Level::kNotice, fmt::format("{}, {}", requester.received, action));
  Say(Level::kNotice,
      fmt::format("{}, {} once generation {} is up or rolled back", requester.received, action, rising->number));
}

// USR1: the log files anew. Also while draining: that may take long.
void Supervisor::Reopen(const Requester& requester) {
  if (phase_ == ServerPhase::kStopping) return Refuse(requester, "the server is stopping");
  const std::string_view action = RowOf(Wish::kReopen).action;
  PendingRequest* request = Await(requester, Command::kReopen);
  if (reopening_.state() != Reopening::State::kIdle) {
    reopen_wanted_ = true;
    return Say(Level::kNotice, fmt::format("{}, {} again after this time", requester.received, action));
  }
  if (request != nullptr) request->turn = 1;
  Say(Level::kNotice, fmt::format("{}, {}", requester.received, action));
  reopening_.Begin();
  Do(ReopenLogs{});
}

void Supervisor::FinishReopening() {
  RequestOutcome outcome = RequestOutcome::kOk;
  std::string told;
  const auto fault = [&](RequestOutcome kind, const std::string& text) {
    if (outcome == RequestOutcome::kOk) outcome = kind;
    Say(Level::kError, text);
    told += text + '\n';
  };
  for (const std::string& failure : reopening_.failures()) {
    fault(RequestOutcome::kResources, "log file not reopened, the old one stays in use: " + OneLine(failure));
  }
  for (const std::uint32_t slot : reopening_.Laggards()) {
    fault(RequestOutcome::kTimedOut, fmt::format("{} has not switched to the reopened log files within {}",
                                                 Name(slots_[slot]), Words(Reopening::kLimit)));
  }
  const std::string summary = fmt::format("{} reopened, {} switched", Count(reopening_.files(), "log file"),
                                          Count(reopening_.switched(), "worker"));
  Say(Level::kNotice, summary);
  reopening_.Finish();
  Answer([](const PendingRequest& it) { return it.command == Command::kReopen && it.turn == 1; }, outcome,
         told + summary);
  if (!reopen_wanted_) return;
  reopen_wanted_ = false;
  for (PendingRequest& request : requests_) {
    if (request.command == Command::kReopen) request.turn = 1;
  }
  reopening_.Begin();
  Do(ReopenLogs{});
}

// WINCH: workers finish and leave; the master keeps the listeners, until a reload brings new workers.
void Supervisor::Retire(const Requester& requester) {
  if (phase_ >= ServerPhase::kQuitting) return Refuse(requester, "the server is stopping");
  if (const Generation* rising = Rising(); rising != nullptr) {
    return Refuse(requester, fmt::format("generation {} is starting", rising->number));
  }
  for (Generation& generation : generations_) {
    if (!generation.current()) continue;
    if (generation.stage == Stage::kResting) return Refuse(requester, "no workers are left");
    Say(Level::kNotice, fmt::format("{}, {}", requester.received, RowOf(Wish::kRetire).action));
    Rest(generation, "the workers were told to leave by " + requester.by);
  }
}

// Its workers leave, and it stays current. Nobody may wait for workers any more.
void Supervisor::Rest(Generation& generation, const std::string& why) {
  generation.stage = Stage::kResting;
  Answer([](const PendingRequest& it) { return it.command == Command::kScale || it.command == Command::kRestart; },
         RequestOutcome::kRolledBack, why);
}

// TTIN, TTOU: one worker more or fewer in the current generation; by request, as many as are asked for. A reload goes
// back to worker_processes.
void Supervisor::Scale(const Requester& requester, std::optional<Wish> step, std::uint32_t workers) {
  if (phase_ >= ServerPhase::kQuitting) return Refuse(requester, "the server is stopping");
  Generation* generation = nullptr;
  for (Generation& it : generations_) {
    if (it.current()) generation = &it;
  }
  if (generation == nullptr) return Refuse(requester, "the server is starting");
  if (generation->stage == Stage::kResting) return Refuse(requester, "workers were retired, reload to have them back");
  const auto present = static_cast<std::uint32_t>(generation->seats.size());
  std::string text = requester.received;
  if (step) {
    if (*step == Wish::kMore && present >= kMostWorkers) {
      return Refuse(requester, fmt::format("there are {} already", Count(present, "worker")));
    }
    if (*step == Wish::kFewer && present <= 1) return Refuse(requester, "there is only one worker");
    workers = *step == Wish::kMore ? present + 1 : present - 1;
    text += fmt::format(", {}", RowOf(*step).action);
  } else if (workers < 1 || workers > kMostWorkers) {
    return Refuse(requester, fmt::format("{} wanted, it must be 1 to {}", Count(workers, "worker"), kMostWorkers),
                  RequestOutcome::kConfiguration);
  }
  generation->seats.resize(workers);
  Say(Level::kNotice, fmt::format("{}: {} wanted", text, Count(workers, "worker")));
  Answer([workers](const PendingRequest& it) { return it.command == Command::kScale && it.workers != workers; },
         RequestOutcome::kRolledBack,
         fmt::format("something else came in between: {} wanted by now", Count(workers, "worker")));
  if (PendingRequest* request = Await(requester, Command::kScale)) {
    request->turn = generation->number;
    request->workers = workers;
  }
}

// No generation is wanted any more. One that is on its way up will not be, and who waits for it is told `why`. A new
// binary that takes over by request shares our fate: it ends by `signal` where we are taken for it, and in any case
// before it serves. One that was started by signal is the operator's affair, as in nginx.
void Supervisor::EndGenerations(const std::string& why, int signal) {
  using enum Upgrading::Stage;
  reload_wanted_ = false;
  Answer(
      [](const PendingRequest& it) {
        return it.command != Command::kReopen && it.command != Command::kQuit && it.command != Command::kStop;
      },
      RequestOutcome::kRolledBack, why);
  if (upgrade_.by_request && (upgrade_.stage == kSpawning || upgrade_.stage == kStarting)) {
    EndUpgrade(why);
  } else if (upgrade_.by_request && upgrade_.stage == kRetiring && StandsIn() && signal != 0) {
    Do(ForwardSignal{signal});
  }
  for (Generation& generation : generations_) {
    if (generation.rising()) {
      generation.deadline.reset();
      if (generation.compiler_lives) Do(CancelCompile{generation.number});
      if (phase_ == ServerPhase::kStarting) {
        start_failure_ = StartFailed{RequestOutcome::kRolledBack, why};
      } else {
        Do(Reloaded{generation.number, RequestOutcome::kRolledBack, why});
      }
    }
    generation.stage = Stage::kRetiring;
  }
}

void Supervisor::KillAll() {
  for (std::uint32_t i = 0; i < slots_.used(); ++i) {
    if (slots_[i].living() && !slots_[i].reaped()) KillNow(i);
  }
}

}  // namespace colmeia::supervisor
