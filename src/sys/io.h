// How a transfer of bytes ended, and the transfer from a file: pread(2), tried again when a signal interrupted it.
//
// Those from and to a socket are in sys/socket_io.h.
#pragma once

#include <sys/types.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace colmeia::sys {

enum class IoStatus : std::uint8_t {
  kDone,   // `bytes` were moved
  kAgain,  // nothing can be moved at the moment
  kEnd,    // the end of the stream or of the file
  kError,  // see `code`
};

struct IoResult {
  IoStatus status = IoStatus::kAgain;
  std::size_t bytes = 0;
  int code = 0;  // errno
};

// A part of a file. Its descriptor is lent.
struct FileRange {
  int fd = -1;
  off_t offset = 0;
  std::size_t size = 0;  // 0 = there is none
};

// What became of a system call that returns how many bytes it moved, 0 at the end, or -1.
template <class Call>
[[nodiscard]] IoResult Transfer(Call call) {
  for (;;) {
    const ssize_t moved = call();
    if (moved > 0) return {IoStatus::kDone, static_cast<std::size_t>(moved), 0};
    if (moved == 0) return {IoStatus::kEnd, 0, 0};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {IoStatus::kAgain, 0, 0};
    return {IoStatus::kError, 0, errno};
  }
}

// pread(2): all of `size`, or as much as the file has.
[[nodiscard]] IoResult ReadFileAt(int file, off_t offset, char* out, std::size_t size);

}  // namespace colmeia::sys
