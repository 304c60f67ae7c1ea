#include "sys/stray_signals.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

namespace colmeia::sys {
namespace {

constexpr int kNamed[] = {SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGSTKFLT, SIGPWR, SIGXCPU, SIGXFSZ};
static_assert(SIGIO == SIGPOLL);

// The kernel's numbers; SIGRTMIN is the first that the C library leaves to programs.
constexpr int kFirstRealTime = 32;

void DoNothing(int) noexcept {}

// sigaction(2) as the kernel has it: the C library refuses the signals that it uses itself.
void IgnoreReserved(int number) {
  std::array<unsigned long, 4> action{};  // handler, flags, restorer, mask: enough on every architecture
  static constexpr std::size_t kMaskSize = 8;
  const bool is_default =
      syscall(SYS_rt_sigaction, number, nullptr, action.data(), kMaskSize) == 0 && action.front() == 0;
  if (!is_default) return;
  action = {};
  action.front() = 1;  // SIG_IGN
  syscall(SYS_rt_sigaction, number, action.data(), nullptr, kMaskSize);
}

}  // namespace

std::vector<int> StraySignals() {
  std::vector<int> out(std::begin(kNamed), std::end(kNamed));
  for (int number = kFirstRealTime; number <= SIGRTMAX; ++number) out.push_back(number);
  return out;
}

void OutliveStraySignals() {
  struct sigaction action {};
  action.sa_handler = DoNothing;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (const int number : StraySignals()) {
    if (number >= kFirstRealTime && number < SIGRTMIN) {
      IgnoreReserved(number);
      continue;
    }
    struct sigaction present {};
    const bool is_default = sigaction(number, nullptr, &present) == 0 && (present.sa_flags & SA_SIGINFO) == 0 &&
                            present.sa_handler == SIG_DFL;
    if (is_default) sigaction(number, &action, nullptr);
  }
}

}  // namespace colmeia::sys
