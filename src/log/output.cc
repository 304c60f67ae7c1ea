#include "log/output.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>

namespace colmeia::log {

namespace {

// Without waiting where the kernel can do that for pipes (RWF_NOWAIT, Linux 6.5), otherwise after asking whether there
// is room: between the question and the write another process may fill the pipe, which is the best that can be had.
ssize_t WriteShared(int fd, std::string_view bytes) {
  const iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  const ssize_t size = pwritev2(fd, &part, 1, -1, RWF_NOWAIT);
  // EPERM: a filter of system calls does not know this one.
  if (size >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL && errno != EPERM)) return size;
  pollfd room{.fd = fd, .events = POLLOUT, .revents = 0};
  if (poll(&room, 1, 0) == 0) {
    errno = EAGAIN;
    return -1;
  }
  return write(fd, bytes.data(), bytes.size());
}

ssize_t WriteOnce(int fd, OutputKind kind, std::string_view bytes) {
  switch (kind) {
    case OutputKind::kFile:
    case OutputKind::kNonBlocking:
      return write(fd, bytes.data(), bytes.size());
    case OutputKind::kSocket:
      return send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    case OutputKind::kShared:
      return WriteShared(fd, bytes);
  }
  return -1;
}

}  // namespace

OutputKind KindOf(int fd) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return OutputKind::kShared;
  if (S_ISREG(info.st_mode)) return OutputKind::kFile;
  if (S_ISFIFO(info.st_mode) && (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0) return OutputKind::kNonBlocking;
  return S_ISSOCK(info.st_mode) ? OutputKind::kSocket : OutputKind::kShared;
}

ssize_t WriteNow(int fd, OutputKind kind, std::string_view bytes) {
  ssize_t size = -1;
  do {
    size = WriteOnce(fd, kind, bytes);
  } while (size < 0 && errno == EINTR);
  return size;
}

}  // namespace colmeia::log
