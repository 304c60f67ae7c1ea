// Sockets: listening, accepting, and the options that a web server sets.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sys/address.h"
#include "sys/unique_fd.h"
#include "util/result.h"

namespace colmeia::sys {

// Options of a listening socket that its connections inherit, or that say when they can be accepted. Where 0 is allowed
// it means what the system does by default.
struct SocketTuning {
  enum class KeepAlive : std::uint8_t { kDefault = 0, kOff = 1, kOn = 2 };

  bool deferred = false;  // TCP_DEFER_ACCEPT: a client can be accepted when its request has come
  std::int32_t rcvbuf = 0;
  std::int32_t sndbuf = 0;
  std::int32_t fastopen = 0;  // TCP_FASTOPEN: so many may be on their way that send data with their SYN
  KeepAlive keepalive = KeepAlive::kDefault;
  std::int32_t keepalive_idle = 0;      // seconds before the first probe
  std::int32_t keepalive_interval = 0;  // seconds between probes
  std::int32_t keepalive_count = 0;     // probes

  static constexpr auto Fields(auto& self, auto& f) {
    return f(self.deferred, self.rcvbuf, self.sndbuf, self.fastopen, self.keepalive, self.keepalive_idle,
             self.keepalive_interval, self.keepalive_count);
  }
  bool operator==(const SocketTuning&) const = default;
};

struct ListenOptions {
  int backlog = 511;
  bool reuseport = false;  // SO_REUSEPORT: one of several sockets on the same address
  bool ipv6only = true;    // for IPv6 addresses: no IPv4 clients through them
  SocketTuning tuning{};   // Unix sockets have the buffers only
};

// A non-blocking listening socket with SO_REUSEADDR. One attempt: it neither waits nor tries again; the error's code is
// the errno (EADDRINUSE, EACCES, EADDRNOTAVAIL), its text names the address.
// A Unix socket gets mode 0666, and a socket file without a listener is replaced.
[[nodiscard]] Result<UniqueFd> Listen(const Address& address, const ListenOptions& options = {});

// Sets what `options` has of tuning, and the backlog, on a socket that listens already. Connections that were made
// before keep what they had, and buffers stay as they are where nothing is asked for.
[[nodiscard]] Result<> Tune(int fd, const ListenOptions& options);

// What an open descriptor listens on. Fails when it is no listening stream socket.
struct ListeningSocket {
  Address address;
  bool reuseport = false;
};
[[nodiscard]] Result<ListeningSocket> DescribeListening(int fd);

// Clients can come to a listening socket. They cannot when another holder of it shut it down or disconnected it.
[[nodiscard]] bool IsListening(int fd);

// SO_REUSEPORT on a socket that listens already: from then on others may be bound beside it.
[[nodiscard]] Result<> AllowReusePort(int fd);

// New connections to the reuseport group of `fd` go to the first `sockets` of it, at random; 0 = to all, as the kernel
// sees fit. The order is that of their listen(2); a socket that is closed gives its place to the last one. Needs a
// group of two sockets, or one made with ListenOptions::reuseport (EINVAL). By chance and not by the packet's hash:
// many network cards give none, and all connections would go to one socket.
[[nodiscard]] Result<> SteerToFirst(int fd, std::uint32_t sockets);

// Whether a listening socket that turns clients away can be made to take them again.
enum class Refused : std::uint8_t {
  kForNow,   // Admit() does it
  kForGood,  // it cannot
};

// From here on no new client comes to a listening socket, in any process; those that stand in its queue can still be
// accepted. With TCP a filter drops what opens a connection (SO_ATTACH_FILTER in socket(7)) and lets all else pass: a
// handshake that has begun is finished, and a client that comes now asks again a second later, to be refused if the
// socket was closed by then. New kernels allow that filter only with CAP_NET_ADMIN: without it, and for Unix sockets,
// it is RefuseForGood().
[[nodiscard]] Result<Refused> Refuse(int fd, int family);
// The same, but a client is refused at once, and so is one that believes to be connected by a SYN cookie. shutdown(2),
// which says it all for a Unix socket, would reset the queue of a TCP socket: that one is bound to a network device
// that does not exist (SO_BINDTODEVICE in socket(7); that takes no right from Linux 5.7 on, while to undo it would).
[[nodiscard]] Result<> RefuseForGood(int fd, int family);
// Takes back a Refuse() that was Refused::kForNow; without one it does nothing.
[[nodiscard]] Result<> Admit(int fd);

// Wakes all that wait for a listening TCP socket, in whatever process, provided that a client stands in its queue;
// whether one does. (A socket that is woken in vain is waited for again without leaving epoll_wait(2).) The kernel's
// own wake-ups come with connections only: no other process hears of one that a woken process leaves in the queue.
[[nodiscard]] bool WakeOthers(int listen_fd);

// Whether a client stands in the queue of a listening socket.
[[nodiscard]] bool ClientWaits(int listen_fd);

// Which file the path of a Unix socket leads to; nothing for other addresses, and when there is none.
struct SocketFileId {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const SocketFileId&) const = default;
};
[[nodiscard]] std::optional<SocketFileId> IdentifySocketFile(const Address& address);

// Removes the file of a Unix socket that was closed, provided that it is still `id` and that no other process listens
// on it: then it belongs to that one.
void RemoveSocketFile(const Address& address, const SocketFileId& id);

// Sends one datagram to a Unix socket: a path, or "@name" for an abstract one. Never waits (EAGAIN).
[[nodiscard]] Result<> SendDatagram(const std::string& name, std::string_view bytes);

// A connected pair of message sockets, both non-blocking and closed on exec.
[[nodiscard]] Result<std::pair<UniqueFd, UniqueFd>> SeqPacketPair();

// What accept4(2) said, sorted by what the caller does next.
enum class AcceptStatus {
  kAccepted,       // fd and peer are set
  kEmpty,          // no client waits (EAGAIN)
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

// TCP_NODELAY. Without effect on sockets that are not TCP.
void SetNoDelay(int fd, bool on);

// TCP_NOTSENT_LOWAT: the kernel takes no more than about so many bytes that it cannot send yet, instead of up to
// megabytes, so that what waits for a slow reader is not older than it has to be. Without effect on others than TCP.
void SetUnsentLimit(int fd, int bytes);

// SO_LINGER with 0 seconds: close() resets the connection.
void SetResetOnClose(int fd);

// O_NONBLOCK on or off. It belongs to the open file, so all its holders are affected.
[[nodiscard]] Result<> SetNonBlocking(int fd, bool on);

// A connection, for tests and for the control client. Blocking.
[[nodiscard]] Result<UniqueFd> Connect(const Address& address);

}  // namespace colmeia::sys
