// Sockets: listening, accepting, and the options that a web server sets.
#pragma once

#include <cstdint>
#include <utility>

#include "sys/address.h"
#include "sys/unique_fd.h"
#include "util/result.h"

namespace colmeia::sys {

struct ListenOptions {
  int backlog = 511;
  bool reuseport = false;  // SO_REUSEPORT: one of several sockets on the same address
  bool ipv6only = true;    // for IPv6 addresses: no IPv4 clients through them
};

// A non-blocking listening socket with SO_REUSEADDR. One attempt: it neither waits nor tries again; the error's code is
// the errno (EADDRINUSE, EACCES, EADDRNOTAVAIL), its text names the address.
// A Unix socket gets mode 0666, and a socket file that nobody listens on any more is replaced.
[[nodiscard]] Result<UniqueFd> Listen(const Address& address, const ListenOptions& options = {});

// A connected pair of message sockets, both non-blocking and closed on exec.
[[nodiscard]] Result<std::pair<UniqueFd, UniqueFd>> SeqPacketPair();

// What accept4(2) said, sorted by what the caller does next.
enum class AcceptStatus {
  kAccepted,       // fd and peer are set
  kEmpty,          // nobody waits (EAGAIN)
  kTryAgain,       // that client is gone already (ECONNABORTED and the network errors of accept(2)): accept the next
  kNoDescriptors,  // EMFILE, ENFILE, ENOBUFS, ENOMEM: pause, the client stays in the queue
  kFailed,         // anything else: the listener is unusable, see code
};

struct Accepted {
  AcceptStatus status = AcceptStatus::kEmpty;
  UniqueFd fd;  // non-blocking, closed on exec
  Address peer;
  int code = 0;  // errno unless accepted
};

[[nodiscard]] Accepted Accept(int listen_fd);

// TCP_NODELAY and TCP_CORK. Without effect on sockets that are not TCP.
void SetNoDelay(int fd, bool on);
void SetCork(int fd, bool on);

// SO_LINGER with 0 seconds: close() resets the connection.
void SetResetOnClose(int fd);

// O_NONBLOCK on or off. It belongs to the open file, so all its holders are affected.
[[nodiscard]] Result<> SetNonBlocking(int fd, bool on);

// A connection, for tests and for the control client. Blocking.
[[nodiscard]] Result<UniqueFd> Connect(const Address& address);

}  // namespace colmeia::sys
