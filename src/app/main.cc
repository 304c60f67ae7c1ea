// colmeia: what the process is for is decided here, once: a command for an operator, or a child of a master.
#include <signal.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/compile.h"
#include "app/ctl.h"
#include "app/launch.h"
#include "app/modules.h"
#include "app/say.h"
#include "app/serve.h"
#include "app/watched.h"
#include "config/reference.h"
#include "master/program.h"
#include "pipeline/variables.h"
#include "resources/inherited.h"
#include "sys/descriptors.h"
#include "sys/stray_signals.h"
#include "sys/title.h"
#include "worker/worker.h"

namespace colmeia::app {
namespace {

int RunCommand(const std::vector<std::string>& arguments, resources::Inheritance inheritance) {
  if (arguments.size() > 1 && arguments[1] == "ctl") return RunControl({arguments.begin() + 2, arguments.end()});
  if (arguments.size() > 1 && arguments[1] == "serve") return Serve(arguments, std::move(inheritance));
  const auto command_line = ParseCommandLine({arguments.begin() + 1, arguments.end()});
  if (!command_line) {
    Say(log::Level::kEmerg, command_line.error().message);
    return kExitConfiguration;
  }
  switch (command_line->task) {
    case Task::kHelp:
      SayText(HelpText());
      return kExitOk;
    case Task::kVersion:
      SayText(VersionText());
      return kExitOk;
    case Task::kBuild:
      SayText(BuildText());
      return kExitOk;
    case Task::kReference:
      fmt::print("{}{}", config::Reference(Modules().registry()), pipeline::VariablesReference(Modules().variables()));
      return kExitOk;
    case Task::kTest:
      return RunWatched([&](config::Progress* progress) { return TestConfiguration(*command_line, progress); });
    case Task::kPlan:
      return RunWatched([&](config::Progress* progress) { return ShowPlan(*command_line, progress); });
    case Task::kSignal:
      return RunWatched([&](config::Progress* progress) { return SendSignal(*command_line, progress); });
    case Task::kRun:
      return Launch({.command_line = Resolved(command_line->compile),
                     .arguments = arguments,
                     .inheritance = std::move(inheritance)});
  }
  return kExitConfiguration;
}

int Main(int argc, char** argv) {
  if (auto opened = sys::OpenStdio(); !opened) return kExitResources;
  const std::vector<std::string> arguments(argv, argv + argc);
  sys::InitTitle(argc, argv);
  const std::string role = arguments.size() > 1 ? arguments[1] : std::string();
  const bool child = role == master::kWorkerArgument || role == master::kCompilerArgument;

  // Listening sockets that are meant for us, before anything else opens a descriptor.
  resources::Inheritance inheritance;
  if (!child) inheritance = resources::TakeInherited();
  // Nothing that we inherited goes on to a child of ours.
  if (auto closed = sys::CloexecFrom(master::kChannelFd); !closed) {
    Say(log::Level::kEmerg, closed.error().message);
    return kExitResources;
  }
  if (!child) return RunCommand(arguments, std::move(inheritance));

  signal(SIGPIPE, SIG_IGN);
  sys::OutliveStraySignals();
  if (role == master::kCompilerArgument) return RunCompiler();
  return worker::RunAdopted(sys::UniqueFd(master::kChannelFd), Modules());
}

}  // namespace
}  // namespace colmeia::app

int main(int argc, char** argv) { return colmeia::app::Main(argc, argv); }
