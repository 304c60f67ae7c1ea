// What an operator asks for. Each signal makes one log line, which says what comes of it.
#include <fmt/core.h>

#include "master/supervisor.h"
#include "master/words.h"

namespace colmeia::master {

using log::Level;

void Supervisor::Handle(const Signal& event) {
  std::string received = DescribeSignal(event.number) + " received";
  if (event.sender != 0) received += fmt::format(" from {}", event.sender);
  const SignalRow* row = FindSignal(event.number);
  if (row == nullptr) return Say(Level::kNotice, received + ", ignored");
  if (row->processes_only && !event.from_process) return Say(Level::kDebug, received + ", ignored: no process sent it");
  switch (row->wish) {
    case Wish::kStop:
      return Stop(*row, received);
    case Wish::kQuit:
      return Quit(*row, received);
    case Wish::kReload:
      return Reload(*row, received);
    case Wish::kReopen:
      return Reopen(*row, received);
    case Wish::kUpgrade:
      return Say(Level::kError, received + ", ignored: this version cannot hand over to a new binary");
    case Wish::kRetire:
      return Retire(*row, received);
    case Wish::kMore:
    case Wish::kFewer:
      return Scale(*row, received);
  }
}

// TERM, INT: workers leave now. Again: no more waiting for them.
void Supervisor::Stop(const SignalRow& row, const std::string& received) {
  if (phase_ == Phase::kStopping) {
    Say(Level::kNotice, received + ", killing the workers that are left");
    return KillAll();
  }
  Say(Level::kNotice, fmt::format("{}, {}", received, row.action));
  EndGenerations(fmt::format("the server was told to stop by {}", DescribeSignal(row.number)));
  phase_ = Phase::kStopping;
}

// QUIT: workers finish what is open.
void Supervisor::Quit(const SignalRow& row, const std::string& received) {
  if (phase_ >= Phase::kQuitting) return Say(Level::kNotice, received + ", ignored: the server is stopping already");
  Say(Level::kNotice, fmt::format("{}, {}", received, row.action));
  EndGenerations(fmt::format("the server was told to stop by {}", DescribeSignal(row.number)));
  phase_ = Phase::kQuitting;
}

// HUP: a new generation; the one after the present attempt, if one is under way.
void Supervisor::Reload(const SignalRow& row, const std::string& received) {
  if (phase_ >= Phase::kQuitting) return Say(Level::kNotice, received + ", ignored: the server is stopping");
  reload_wanted_ = true;
  const Generation* rising = Rising();
  if (rising == nullptr) return Say(Level::kNotice, fmt::format("{}, {}", received, row.action));
  Say(Level::kNotice,
      fmt::format("{}, {} once generation {} is up or rolled back", received, row.action, rising->number));
}

// USR1: the log files anew. Also while draining: that may take long.
void Supervisor::Reopen(const SignalRow& row, const std::string& received) {
  if (phase_ == Phase::kStopping) return Say(Level::kNotice, received + ", ignored: the server is stopping");
  if (reopening_.state() != Reopening::State::kIdle) {
    reopen_wanted_ = true;
    return Say(Level::kNotice, fmt::format("{}, {} again after this time", received, row.action));
  }
  Say(Level::kNotice, fmt::format("{}, {}", received, row.action));
  reopening_.Begin();
  Do(ReopenLogs{});
}

void Supervisor::FinishReopening() {
  for (const std::string& failure : reopening_.failures()) {
    Say(Level::kError, "log file not reopened, the old one stays in use: " + OneLine(failure));
  }
  for (const std::uint32_t slot : reopening_.Laggards()) {
    Say(Level::kError, fmt::format("{} has not switched to the reopened log files within {}", Name(slots_[slot]),
                                   Words(Reopening::kLimit)));
  }
  Say(Level::kNotice, fmt::format("{} reopened, {} switched", Count(reopening_.files(), "log file"),
                                  Count(reopening_.switched(), "worker")));
  reopening_.Finish();
  if (!reopen_wanted_) return;
  reopen_wanted_ = false;
  reopening_.Begin();
  Do(ReopenLogs{});
}

// WINCH: workers finish and leave; the master keeps the listeners, until a reload brings new workers.
void Supervisor::Retire(const SignalRow& row, const std::string& received) {
  if (phase_ >= Phase::kQuitting) return Say(Level::kNotice, received + ", ignored: the server is stopping");
  if (const Generation* rising = Rising(); rising != nullptr) {
    return Say(Level::kNotice, fmt::format("{}, ignored: generation {} is starting", received, rising->number));
  }
  for (Generation& generation : generations_) {
    if (!generation.current()) continue;
    if (generation.stage == Stage::kResting) return Say(Level::kNotice, received + ", ignored: no workers are left");
    generation.stage = Stage::kResting;
    Say(Level::kNotice, fmt::format("{}, {}", received, row.action));
  }
}

// TTIN, TTOU: one worker more or fewer in the current generation; a reload goes back to worker_processes.
void Supervisor::Scale(const SignalRow& row, const std::string& received) {
  if (phase_ >= Phase::kQuitting) return Say(Level::kNotice, received + ", ignored: the server is stopping");
  Generation* generation = nullptr;
  for (Generation& it : generations_) {
    if (it.current()) generation = &it;
  }
  if (generation == nullptr) return Say(Level::kNotice, received + ", ignored: the server is starting");
  if (generation->stage == Stage::kResting) {
    return Say(Level::kNotice, received + ", ignored: workers were retired, reload to have them back");
  }
  const std::size_t workers = generation->seats.size();
  if (row.wish == Wish::kMore) {
    if (workers >= kMostWorkers) {
      return Say(Level::kNotice, fmt::format("{}, ignored: there are {} already", received, Count(workers, "worker")));
    }
    generation->seats.emplace_back();
  } else {
    if (workers <= 1) return Say(Level::kNotice, received + ", ignored: there is only one worker");
    generation->seats.pop_back();
  }
  Say(Level::kNotice,
      fmt::format("{}, {}: {} wanted", received, row.action, Count(generation->seats.size(), "worker")));
}

// No generation is wanted any more. One that is on its way up will not be, and who waits for it is told `why`.
void Supervisor::EndGenerations(const std::string& why) {
  reload_wanted_ = false;
  for (Generation& generation : generations_) {
    if (generation.rising()) {
      generation.deadline.reset();
      if (generation.compiler_lives) Do(CancelCompile{generation.number});
      if (phase_ == Phase::kStarting) {
        start_failure_ = StartFailed{Outcome::kRolledBack, why};
      } else {
        Do(Reloaded{generation.number, Outcome::kRolledBack, why});
      }
    }
    generation.stage = Stage::kRetiring;
  }
}

void Supervisor::KillAll() {
  for (std::uint32_t i = 0; i < slots_.used(); ++i) {
    if (slots_[i].living() && !slots_[i].reaped) KillNow(i);
  }
}

}  // namespace colmeia::master
