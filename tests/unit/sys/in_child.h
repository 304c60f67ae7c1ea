// Runs a claim in a process of its own, for system calls that change the process for good.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace colmeia::sys {

// True when `claim` returned true in a forked child.
template <class Claim>
[[nodiscard]] bool HoldsInChild(Claim claim) {
  const pid_t child = fork();
  if (child == 0) _exit(claim() ? 0 : 1);
  int status = -1;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace colmeia::sys
