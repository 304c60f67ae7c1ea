#include "lab/syscalls.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <limits>

#include "sys/error.h"
#include "sys/privileges.h"
#include "util/clock.h"

namespace colmeia::lab {
namespace {

constexpr auto kLimit = std::chrono::seconds(10);

// What PTRACE_O_TRACESYSGOOD adds to SIGTRAP at the beginning and at the end of a call.
constexpr int kCallStop = SIGTRAP | 0x80;

long Trace(__ptrace_request request, pid_t pid, std::uintptr_t data) {
  return ptrace(request, pid, nullptr, reinterpret_cast<void*>(data));
}

bool IsCallBeginning(pid_t pid) {
  __ptrace_syscall_info info{};
  const long size = ptrace(PTRACE_GET_SYSCALL_INFO, pid, reinterpret_cast<void*>(sizeof info), &info);
  return size > 0 && info.op == PTRACE_SYSCALL_INFO_ENTRY;
}

// The signal that a stopped process is to get when it goes on: its own ones, not those that tracing makes.
int SignalToDeliver(int status) {
  const int signal = WSTOPSIG(status);
  const bool of_tracing = signal == kCallStop || signal == SIGTRAP || signal == SIGSTOP || (status >> 16) != 0;
  return of_tracing ? 0 : signal;
}

}  // namespace

Result<std::uint64_t> CountSystemCalls(const std::function<void()>& body, std::chrono::milliseconds limit) {
  const pid_t parent = getpid();
  const pid_t root = fork();
  if (root < 0) return sys::FailErrno("cannot start a process");
  if (root == 0) {
    if (!sys::SetParentDeathSignal(SIGKILL) || getppid() != parent) _exit(1);
    if (Trace(PTRACE_TRACEME, 0, 0) != 0) _exit(2);
    raise(SIGSTOP);
    body();
    _exit(0);
  }
  int status = 0;
  if (waitpid(root, &status, __WALL) != root || !WIFSTOPPED(status)) {
    return Fail("this process may not trace its children", EPERM);
  }
  const std::uintptr_t options =
      PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
  if (Trace(PTRACE_SETOPTIONS, root, options) != 0 || Trace(PTRACE_SYSCALL, root, 0) != 0) {
    const auto error = sys::FailErrno("cannot trace a child");
    kill(root, SIGKILL);
    waitpid(root, nullptr, __WALL);
    return error;
  }

  const util::TimePoint deadline = util::Now() + limit;
  std::uint64_t calls = 0;
  for (;;) {
    if (util::Now() > deadline) {
      kill(root, SIGKILL);
      waitpid(root, nullptr, __WALL);
      return Fail("what was traced did not end in time", ETIMEDOUT);
    }
    const pid_t pid = waitpid(-1, &status, __WALL);
    if (pid < 0 && errno == EINTR) continue;
    if (pid < 0) return sys::FailErrno("cannot wait for a traced process");
    if (!WIFSTOPPED(status)) {
      if (pid == root) break;
      continue;
    }
    if (WSTOPSIG(status) == kCallStop && IsCallBeginning(pid)) ++calls;
    // ESRCH: killed meanwhile, its end is reported next.
    Trace(PTRACE_SYSCALL, pid, static_cast<std::uintptr_t>(SignalToDeliver(status)));
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) return Fail("what was traced did not end well");
  return calls;
}

double SystemCallsPerRound(const std::function<void(int)>& rounds, int few, int many) {
  const auto count = [&](int number) { return CountSystemCalls([&] { rounds(number); }, kLimit); };
  const auto less = count(few);
  const auto more = count(many);
  if (!less || !more || *more < *less) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(*more - *less) / (many - few);
}

}  // namespace colmeia::lab
