#include "sys/stray_signals.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace colmeia::sys {
namespace {

// Those that end a process by default (signal(7)) and are no stray ones: in use, ignored elsewhere, or faults.
constexpr int kOthers[] = {SIGHUP,  SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGPIPE, SIGKILL,
                           SIGSEGV, SIGBUS, SIGFPE,  SIGILL,  SIGABRT, SIGSYS,  SIGTRAP};
// Those that do not end one.
constexpr int kHarmless[] = {SIGCHLD, SIGCONT, SIGURG, SIGWINCH, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU};

template <class List>
bool Has(const List& list, int number) {
  return std::find(std::begin(list), std::end(list), number) != std::end(list);
}

// What becomes of a child that gets this signal.
int StatusAfter(int number, bool outlives) {
  const pid_t child = fork();
  if (child == 0) {
    signal(number, SIG_DFL);
    if (outlives) OutliveStraySignals();
    syscall(SYS_kill, getpid(), number);
    _exit(7);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

TEST(StraySignalsTest, EverySignalThatEndsAProcessIsOneOfThreeKinds) {
  const std::vector<int> stray = StraySignals();

  for (int number = 1; number <= SIGRTMAX; ++number) {
    EXPECT_EQ(Has(stray, number) + Has(kOthers, number) + Has(kHarmless, number), 1) << number;
  }
}

TEST(StraySignalsTest, EachIsOutlived) {
  for (const int number : StraySignals()) {
    const int without = StatusAfter(number, false);
    EXPECT_TRUE(WIFSIGNALED(without)) << number;
    const int with = StatusAfter(number, true);
    EXPECT_TRUE(WIFEXITED(with) && WEXITSTATUS(with) == 7) << number;
  }
}

TEST(StraySignalsTest, WhatHasAHandlerOrIsIgnoredStaysSo) {
  struct sigaction before {};
  ASSERT_EQ(sigaction(SIGALRM, nullptr, &before), 0);
  signal(SIGALRM, SIG_IGN);

  OutliveStraySignals();

  struct sigaction present {};
  sigaction(SIGALRM, &before, &present);
  EXPECT_EQ(present.sa_handler, SIG_IGN);
}

TEST(StraySignalsTest, AProgramThatIsRunBeginsWithTheDefaults) {
  const pid_t child = fork();
  if (child == 0) {
    OutliveStraySignals();
    execl("/bin/sh", "sh", "-c", "kill -ALRM $$; exit 7", nullptr);
    _exit(1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM);
}

}  // namespace
}  // namespace colmeia::sys
