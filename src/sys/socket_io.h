// The system calls that move the bytes of a connected stream socket: recv(2), sendmsg(2), sendfile(2), shutdown(2).
// None of them waits, and each is tried again when a signal interrupted it.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>

#include "sys/io.h"

namespace colmeia::sys {

// recv(2).
[[nodiscard]] IoResult Receive(int fd, char* out, std::size_t size);

// sendmsg(2) of `parts`, and when all of them went sendfile(2) of `file`; without SIGPIPE. `more`: other bytes follow at
// once, of `file` or of the next call: a packet may wait for them. `bytes` counts what went, whatever the status says
// of the rest; kEnd: the file has become shorter. REQUIRES: parts or file is not empty.
[[nodiscard]] IoResult Send(int fd, std::span<const iovec> parts, const FileRange& file, bool more);

// shutdown(2) of our side: the peer reads the end of the stream, and may go on sending.
void FinishSending(int fd);

}  // namespace colmeia::sys
