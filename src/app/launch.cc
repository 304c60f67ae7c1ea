#include "app/launch.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <optional>

#include <fmt/core.h>

#include "app/modules.h"
#include "app/say.h"
#include "ipc/codec.h"
#include "log/error_log.h"
#include "loop/process.h"
#include "master/children.h"
#include "master/handover.h"
#include "master/master.h"
#include "master/notify.h"
#include "resources/inherited.h"
#include "sys/descriptors.h"
#include "sys/error.h"
#include "sys/files.h"
#include "sys/memfd.h"
#include "sys/stray_signals.h"
#include "sys/title.h"
#include "worker/worker.h"

namespace colmeia::app {
namespace {

using supervisor::RequestOutcome;

// A compiler needs somebody to tell its frames to; before there is a master nobody records them.
class NobodyListens final : public master::ChildListener {
 public:
  void OnEvent(supervisor::Event) override {}
  void OnFrame(const master::Party&, channel::Traffic, const channel::FrameInfo&) override {}
};

// Waits for a compiler child. The launcher is no server yet, so it may wait; the loop is gone before anybody forks.
master::CompilerResult Compile(const ipc::Compile& command_line) {
  std::optional<master::CompilerResult> result;
  loop::Loop loop;
  NobodyListens nobody;
  auto child = master::CompilerChild::Spawn(loop, nobody, command_line, [&](master::CompilerResult compiled) {
    result = std::move(compiled);
    loop.Stop();
  });
  if (!child) return {nullptr, {}, child.error().message};
  loop.Run();
  return *std::move(result);
}

// How a daemon tells its launcher how the start went: one byte of RequestOutcome, then the reason.
class ResultPipe {
 public:
  static Result<ResultPipe> Open() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return sys::FailErrno("cannot make a pipe");
    ResultPipe out;
    out.read_.reset(ends[0]);
    out.write_.reset(ends[1]);
    return out;
  }

  // In the daemon. Only the first result counts.
  void Tell(RequestOutcome outcome, const std::string& why) {
    if (!write_) return;
    const std::string bytes = static_cast<char>(outcome) + why;
    // Without a launcher there is nobody to hear it.
    static_cast<void>(sys::WriteAll(write_.get(), bytes));
    write_.reset();
  }
  void CloseReader() { read_.reset(); }

  // In the launcher: waits for the result, or for the daemon's death.
  std::pair<std::optional<RequestOutcome>, std::string> Await() {
    write_.reset();
    auto bytes = sys::ReadAll(read_.get());
    if (!bytes || bytes->empty()) return {std::nullopt, {}};
    return {static_cast<RequestOutcome>(bytes->front()), bytes->substr(1)};
  }

 private:
  sys::UniqueFd read_;
  sys::UniqueFd write_;
};

std::string MasterTitle(const std::vector<std::string>& arguments) {
  std::string title = "colmeia: master process";
  for (const std::string& argument : arguments) title += " " + argument;
  return title;
}

// Warnings of the compiler are the operator's to see, and not in the way of anything.
void LogWarnings(const ipc::Plan& plan) {
  if (!plan.warnings.empty()) Say(log::Level::kWarn, plan.warnings);
}

void DetachFromTerminal() {
  auto null = sys::OpenFile("/dev/null", O_RDWR);
  if (!null) return;
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO}) {
    if (auto redirected = sys::Redirect(*null, fd); !redirected) Say(log::Level::kAlert, redirected.error().message);
  }
}

// A start under way: what the command asked for, and what the compiler made of it.
struct Launching {
  ipc::Compile command_line;
  std::vector<std::string> arguments;
  std::vector<resources::InheritedSocket> inherited;
  resources::HandedZones zones;
  master::Reporter old_master;
  std::string program;
  master::CompilerResult compiled;
  std::string welcome;
};

int RunMaster(Launching launching, master::StartListener on_start) {
  sys::SetTitle(MasterTitle(launching.arguments));
  // Until the logs are open only the result of the start is told, and that by `on_start`.
  log::Main().SetTargets({});
  auto master = master::Master::Create({.command_line = launching.command_line,
                                        .plan = launching.compiled.plan,
                                        .text = std::move(launching.compiled.text),
                                        .on_start = on_start,
                                        .inherited = std::move(launching.inherited),
                                        .zones = std::move(launching.zones),
                                        .old_master = std::move(launching.old_master),
                                        .notify = master::NotifyOptionsFromEnvironment(),
                                        .program = std::move(launching.program),
                                        .arguments = std::move(launching.arguments)});
  if (!master) {
    on_start(RequestOutcome::kResources, master.error().message);
    return kExitResources;
  }
  return (*master)->Run();
}

int ServeInBackground(Launching launching) {
  auto pipe = ResultPipe::Open();
  if (!pipe) {
    Say(log::Level::kEmerg, pipe.error().message);
    return kExitResources;
  }
  const pid_t daemon = fork();
  if (daemon < 0) {
    Say(log::Level::kEmerg, sys::ErrnoError("cannot fork").message);
    return kExitResources;
  }
  if (daemon == 0) {
    pipe->CloseReader();
    setsid();
    umask(0);
    return RunMaster(std::move(launching), [&](RequestOutcome outcome, const std::string& why) {
      if (outcome == RequestOutcome::kOk) DetachFromTerminal();
      pipe->Tell(outcome, why);
    });
  }
  const auto [outcome, why] = pipe->Await();
  if (outcome == RequestOutcome::kOk) return kExitOk;
  if (outcome) {
    Say(log::Level::kEmerg, why);
    return static_cast<int>(*outcome);
  }
  int status = 0;
  waitpid(daemon, &status, 0);
  const loop::ExitStatus ended{WIFEXITED(status) ? WEXITSTATUS(status) : 0, WIFSIGNALED(status) ? WTERMSIG(status) : 0};
  Say(log::Level::kEmerg,
      fmt::format("the master (pid {}) {} before it said whether it serves", daemon, ended.Describe()));
  return static_cast<int>(RequestOutcome::kRolledBack);
}

int ServeInForeground(Launching launching) {
  const std::string welcome = std::move(launching.welcome);
  return RunMaster(std::move(launching), [&welcome](RequestOutcome outcome, const std::string& why) {
    if (outcome != RequestOutcome::kOk) {
      Say(log::Level::kEmerg, why);
    } else if (!welcome.empty()) {
      SayText(welcome);
    }
  });
}

// `master_process off`: this very process is the worker.
int ServeAlone(master::CompilerResult compiled) {
  resources::Resources resources;
  auto plan = std::make_shared<ipc::Plan>(*compiled.plan);
  plan->workers = 1;
  if (auto opened = resources.Open(1, plan); !opened) {
    Say(log::Level::kEmerg, opened.error().message);
    return kExitResources;
  }
  process::Adoption adoption;
  adoption.identity = plan->identity;
  adoption.generation = 1;
  auto encoded = sys::ReadMemfd(compiled.text.get());
  if (!encoded || !ipc::Decode(*encoded, adoption.config)) {
    Say(log::Level::kEmerg, "the compiled configuration cannot be read");
    return kExitResources;
  }
  if (auto board = scoreboard::Board::Create()) {
    board->Occupy(0, {getpid(), 1, 0});
    board->SetState(0, scoreboard::SlotState::kReady);
    board->SetServer(scoreboard::ServerState::kServing, 1);
    adoption.board = *std::move(board);
  }
  const resources::OpenGeneration& open = *resources.Find(1);
  for (std::uint32_t i = 0; i < open.listeners.size(); ++i) {
    if (auto fd = sys::Duplicate(open.listeners[i]->sockets().front().get())) {
      adoption.listeners.push_back({i, open.listeners[i]->name(), *std::move(fd)});
    }
  }
  for (std::uint32_t i = 0; i < open.logs.size(); ++i) {
    if (auto fd = resources::LogFiles::ForWorker(*open.logs[i]))
      adoption.logs.push_back({i, open.logs[i]->path, *std::move(fd)});
  }
  for (std::uint32_t i = 0; i < open.zones.size(); ++i) {
    if (auto fd = sys::Duplicate(open.zones[i]->fd.get())) {
      adoption.zones.push_back({i, open.zones[i]->planned.name, *std::move(fd)});
    }
  }
  resources.Promote(1);
  const int code = worker::RunAlone(std::move(adoption), Modules(), [](const std::string& failure) {
    if (!failure.empty()) Say(log::Level::kEmerg, failure);
  });
  resources.RemovePidFile();
  return code;
}

}  // namespace

int Launch(LaunchOptions options) {
  sys::OutliveStraySignals();
  for (const std::string& ignored : options.inheritance.ignored) Say(log::Level::kWarn, ignored);
  const bool handed_over = static_cast<bool>(options.inheritance.handover);
  Launching launching;
  // Before anything changes the working directory or the environment.
  launching.program = master::ProgramOnDisk(options.arguments.front(), std::getenv("PATH"));
  launching.inherited = std::move(options.inheritance.sockets);
  launching.zones = std::move(options.inheritance.zones);
  if (handed_over) launching.old_master = master::Reporter(std::move(options.inheritance.handover));
  launching.command_line = std::move(options.command_line);
  launching.arguments = std::move(options.arguments);
  launching.welcome = std::move(options.welcome);

  launching.compiled = Compile(launching.command_line);
  if (launching.compiled.plan == nullptr) {
    launching.old_master.Failed(launching.compiled.why);
    SayText(launching.compiled.why, log::Level::kEmerg);
    return kExitConfiguration;
  }
  LogWarnings(*launching.compiled.plan);
  // A peer that closes its end is an error of write(2), not the end of this process.
  signal(SIGPIPE, SIG_IGN);
  if (!launching.compiled.plan->master_process) return ServeAlone(std::move(launching.compiled));
  // The old master waits for this very process, which has left the terminal with it already.
  const bool daemon = launching.compiled.plan->daemon && !handed_over;
  return daemon ? ServeInBackground(std::move(launching)) : ServeInForeground(std::move(launching));
}

}  // namespace colmeia::app
