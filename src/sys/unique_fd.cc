#include "sys/unique_fd.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/core.h>

#include "sys/error.h"
#include "util/check.h"

namespace colmeia::sys {

void UniqueFd::Close(int fd) noexcept {
  const int saved = errno;
  // close(2): on Linux the descriptor is free again whatever else is reported, so EINTR is not retried. Delayed errors
  // of writing (EIO, ENOSPC) are not ours to handle here.
  const bool was_open = close(fd) == 0 || errno != EBADF;
  CHECK(was_open);
  errno = saved;
}

Result<UniqueFd> Duplicate(int fd) {
  // From 3 on, so that a duplicate never becomes standard input, output or error.
  const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) return FailErrno(fmt::format("cannot duplicate descriptor {}", fd));
  return UniqueFd(copy);
}

}  // namespace colmeia::sys
