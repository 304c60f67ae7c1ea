#include "app/watched.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "app/launch.h"
#include "app/say.h"
#include "loop/process.h"
#include "master/children.h"

namespace colmeia::app {

void NotedProgress::At(std::string_view file, std::uint32_t line) {
  page_.Note(line == 0 ? fmt::format("reading {}", file) : fmt::format("at {}:{}", file, line));
}

int RunWatched(const std::function<int(config::Progress*)>& command) {
  auto page = ipc::ProgressPage::Create();
  if (!page) return command(nullptr);
  const pid_t watcher = getpid();
  const pid_t child = fork();
  if (child < 0) return command(nullptr);
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != watcher) _exit(kExitConfiguration);
    NotedProgress progress(*page);
    const int code = command(&progress);
    std::fflush(stdout);
    std::exit(code);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return kExitConfiguration;
  }
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  const loop::ExitStatus ended{0, WTERMSIG(status)};
  Say(log::Level::kEmerg, master::DescribeCompilerEnd(ended, page->Read()));
  return kExitConfiguration;
}

}  // namespace colmeia::app
