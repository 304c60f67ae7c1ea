// Writing to a log without ever waiting for its reader: what both kinds of log do with a descriptor. Not for others.
#pragma once

#include <sys/types.h>

#include <string_view>

namespace colmeia::log {

// What a log is written to, as far as writing differs.
enum class OutputKind {
  kFile,         // regular file: takes everything at once
  kNonBlocking,  // a pipe that says EAGAIN of itself
  kSocket,       // can be asked not to wait, call by call
  kShared,       // pipe, terminal, device: shared with others, so its flags are not ours to change
};

[[nodiscard]] OutputKind KindOf(int fd);

// One write(2): the number of bytes taken, or -1 with errno, EAGAIN when the reader is too slow. EINTR is retried.
[[nodiscard]] ssize_t WriteNow(int fd, OutputKind kind, std::string_view bytes);

}  // namespace colmeia::log
