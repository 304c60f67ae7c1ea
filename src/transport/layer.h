// Layer: what stands between a session's bytes and a socket's where these are not the same. An interface: TLS is one;
// where there is none the connection is plain (transport/transport.h).
//
// How it is held to the ways of a session that knows nothing of it:
//
// 1. A layer may have to write before it can read, and to read before it can write: a handshake, which takes place in
//    the first reads, is both. Read and Write then say kAgain, and Interest() tells what the poll has to look for. A
//    session that is woken without a cause of its own tries again, and waits again.
// 2. A read may bring more than it was asked for, and the end with it. What is left over wakes no poll: a session reads
//    on while something is pending(). Such a read takes what is pending and leaves the socket alone, so it ends.
// 3. A short write means that the rest waits for the socket, as without a layer. The session offers the rest again,
//    first and unchanged, because the layer may have sealed it already. The last byte counts as taken when the kernel
//    has all that it became: a connection that has nothing left to write can be closed without losing anything.
// 4. What a layer has to say of its own accord goes out with the session's next read or write.
//
// The descriptor is lent for the length of a call. No call waits. A layer belongs to one connection, and is destroyed
// before the descriptor is closed.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <string_view>

#include "sys/io.h"

namespace colmeia::transport {

class Layer {
 public:
  Layer() = default;
  virtual ~Layer() = default;
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;

  // As Transport::Read. After End() what it reads is dropped by the session: it may be given as it came.
  [[nodiscard]] virtual sys::IoResult Read(int fd, char* out, std::size_t size) = 0;

  // As Transport::Write. `file` is empty unless can_send_file().
  [[nodiscard]] virtual sys::IoResult Write(int fd, std::span<const iovec> parts, const sys::FileRange& file,
                                            bool more) = 0;

  // Says on the wire that no more bytes follow, in so far as the socket takes it; once it was said it does nothing.
  // Called when all that was offered was taken, and before the kernel says it; not for a connection that ends amid
  // something.
  virtual void End(int fd) = 0;

  // loop::Events to poll for while the session waits for `events`: kDisconnect among them if it is in `events`.
  [[nodiscard]] virtual int Interest(int events) const = 0;

  // Whether the next read gives something without asking the socket: bytes, or the end.
  [[nodiscard]] virtual bool pending() const = 0;

  // Whether a file can leave by sendfile(2), its bytes being the same on the wire.
  [[nodiscard]] virtual bool can_send_file() const = 0;

  // The protocol that both sides agreed upon (RFC 7301), once a read has given bytes; otherwise empty.
  [[nodiscard]] virtual std::string_view alpn() const = 0;

  // "https" or "http": $scheme. A constant.
  [[nodiscard]] virtual std::string_view scheme() const = 0;
};

}  // namespace colmeia::transport
