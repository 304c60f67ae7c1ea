#include "util/check.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace colmeia::util {

void CheckFailed(const char* condition, const char* file, int line) noexcept {
  // Descriptor 2 is the error log of every process of ours.
  dprintf(STDERR_FILENO, "colmeia: bug: CHECK(%s) failed at %s:%d in process %d\n", condition, file, line, getpid());
  std::abort();
}

}  // namespace colmeia::util
