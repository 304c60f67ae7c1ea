#include "supervisor/signals.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <iterator>

#include <fmt/core.h>

#include "util/check.h"

namespace colmeia::supervisor {
namespace {

constexpr SignalRow kTable[] = {
    {SIGTERM, "SIGTERM", "stop", Wish::kStop, "exiting", "Fast stop: workers leave at once.", false},
    {SIGINT, "SIGINT", "", Wish::kStop, "exiting", "Fast stop, as SIGTERM.", false},
    {SIGQUIT, "SIGQUIT", "quit", Wish::kQuit, "shutting down",
     "Graceful stop: workers finish what is open, for at most worker_shutdown_timeout.", false},
    {SIGHUP, "SIGHUP", "reload", Wish::kReload, "reconfiguring",
     "Reload: new workers from the configuration file; once all are ready the old ones finish and leave.", false},
    {SIGUSR1, "SIGUSR1", "reopen", Wish::kReopen, "reopening logs", "Open the log files anew, after they were renamed.",
     false},
    {SIGUSR2, "SIGUSR2", "", Wish::kUpgrade, "changing binary", "Start the new binary beside this one.", false},
    {SIGWINCH, "SIGWINCH", "", Wish::kRetire, "gracefully shutting down workers",
     "Workers finish what is open and leave; the master stays and keeps the listening sockets.", true},
    {SIGTTIN, "SIGTTIN", "", Wish::kMore, "one worker more", "Start one more worker.", true},
    {SIGTTOU, "SIGTTOU", "", Wish::kFewer, "one worker fewer", "One worker finishes what is open and leaves.", true},
};

}  // namespace

std::span<const SignalRow> SignalTable() { return kTable; }

const SignalRow* FindSignal(int number) {
  for (const SignalRow& row : kTable) {
    if (row.number == number) return &row;
  }
  return nullptr;
}

const SignalRow* FindVerb(std::string_view verb) {
  for (const SignalRow& row : kTable) {
    if (!verb.empty() && row.verb == verb) return &row;
  }
  return nullptr;
}

const SignalRow& RowOf(Wish wish) {
  const auto* row =
      std::find_if(std::begin(kTable), std::end(kTable), [wish](const SignalRow& it) { return it.wish == wish; });
  CHECK(row != std::end(kTable));
  return *row;
}

std::string DescribeSignal(int number) {
  const char* name = ::sigabbrev_np(number);
  return name != nullptr ? fmt::format("signal {} (SIG{})", number, name) : fmt::format("signal {}", number);
}

std::string DescribeExit(int code, int signal) {
  return signal != 0 ? "was killed by " + DescribeSignal(signal) : fmt::format("exited with code {}", code);
}

}  // namespace colmeia::supervisor
