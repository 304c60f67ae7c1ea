// The system calls that move a client's bytes, each tried again when a signal interrupted it.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace colmeia::transport {

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

// recv(2) without waiting.
[[nodiscard]] IoResult Receive(int fd, char* out, std::size_t size);

// sendmsg(2) without waiting and without SIGPIPE. `more`: other bytes follow at once, a packet may wait for them.
[[nodiscard]] IoResult Send(int fd, std::span<const iovec> parts, bool more);

// sendfile(2) from `offset`.
[[nodiscard]] IoResult SendFile(int fd, int file, off_t offset, std::size_t size);

// pread(2): all of `size`, or as much as the file has.
[[nodiscard]] IoResult ReadFileAt(int file, off_t offset, char* out, std::size_t size);

// shutdown(2) of our side: the client reads the end of the stream, and may go on sending.
void FinishSending(int fd);

}  // namespace colmeia::transport
