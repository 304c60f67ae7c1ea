#include "sys/page_cache.h"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace colmeia::sys {
namespace {

Pages LookAtByte(int fd, off_t offset) {
  for (;;) {
    char byte;
    const iovec part{&byte, 1};
    if (::preadv2(fd, &part, 1, offset, RWF_NOWAIT) >= 0) return Pages::kWarm;
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return Pages::kCold;
    return errno == EOPNOTSUPP || errno == ENOSYS || errno == EPERM ? Pages::kUnknown : Pages::kWarm;
  }
}

}  // namespace

Pages LookAtPages(int fd, off_t offset, std::uint64_t length) {
  const Pages first = LookAtByte(fd, offset);
  return first == Pages::kWarm && length > 1 ? LookAtByte(fd, offset + static_cast<off_t>(length) - 1) : first;
}

void WarmPages(int fd, off_t offset, std::uint64_t length) {
  std::array<char, 64 * 1024> scratch;
  while (length > 0) {
    const ssize_t got = ::pread(fd, scratch.data(), std::min<std::uint64_t>(length, scratch.size()), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    offset += got;
    length -= static_cast<std::uint64_t>(got);
  }
}

}  // namespace colmeia::sys
