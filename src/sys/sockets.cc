#include "sys/sockets.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <span>
#include <string>

#include <fmt/core.h>

#include "sys/error.h"
#include "sys/guarded_open.h"

namespace colmeia::sys {

namespace {

constexpr const char* kNotRefused = "cannot turn new clients away from a listening socket";

constexpr mode_t kUnixSocketMode = 0666;

bool SetNumber(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

bool SetOption(int fd, int level, int option, bool on) { return SetNumber(fd, level, option, on ? 1 : 0); }

// How long the kernel waits for a client's first byte before it takes the connection for broken; as nginx's.
constexpr int kDeferSeconds = 1;

// An option by name, so that an error can say which one it was. 0 leaves it alone.
struct NumberOption {
  const char* name;
  int level;
  int option;
  int value;
};

Result<UniqueFd> NewSocket(int family, int type) {
  UniqueFd fd(socket(family, type | SOCK_CLOEXEC, 0));
  if (!fd) return FailErrno("cannot make a socket");
  return fd;
}

// A socket file outlives the process that bound it. It is stale when connecting to it is refused. A link to one is no
// socket file.
bool IsStaleSocketFile(const Address& address) {
  struct stat info {};
  const std::string path(address.UnixPath());
  if (lstat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) return false;
  Result<UniqueFd> probe = NewSocket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK);
  return probe && connect(probe->get(), address.sockaddr_data(), address.sockaddr_size()) != 0 && errno == ECONNREFUSED;
}

// A Unix socket's file is born with the mode of the socket: no path is changed afterwards, which by then might lead to
// another file.
int BindOnce(int fd, const Address& address) {
  const bool is_unix = address.family() == AF_UNIX;
  const mode_t mask = is_unix ? umask(0) : mode_t{0};
  const int result = bind(fd, address.sockaddr_data(), address.sockaddr_size());
  const int code = errno;
  if (is_unix) umask(mask);
  errno = code;
  return result;
}

Result<> Bind(int fd, const Address& address) {
  if (address.family() == AF_UNIX && fchmod(fd, kUnixSocketMode) != 0) {
    return FailErrno(fmt::format("cannot change the mode of a socket for {}", address.ToString()));
  }
  int result = BindOnce(fd, address);
  if (result != 0 && errno == EADDRINUSE && address.family() == AF_UNIX) {
    if (IsStaleSocketFile(address)) {
      unlink(std::string(address.UnixPath()).c_str());
      result = BindOnce(fd, address);
    } else if (const auto kind = KindAt(std::string(address.UnixPath())); !kind.empty() && kind != KindOf(S_IFSOCK)) {
      return Fail(
          fmt::format("bind() to {} failed: {} stands at that path, and no socket; move it away or name another "
                      "path",
                      address.ToString(), kind),
          ENOTSOCK);
    } else {
      errno = EADDRINUSE;
    }
  }
  // Whether EADDRINUSE or EINVAL, nobody else's file is touched.
  if (result != 0) return FailErrno(fmt::format("bind() to {} failed", address.ToString()));
  return {};
}

// Errors that accept4(2) hands on from the network: they concern the one client that is gone.
bool IsOfTheClient(int code) {
  switch (code) {
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENETUNREACH:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case EOPNOTSUPP:
    case EPERM:  // a firewall rule
    case ETIMEDOUT:
      return true;
    default:
      return false;
  }
}

AcceptStatus StatusOf(int code) {
  if (code == EAGAIN || code == EWOULDBLOCK) return AcceptStatus::kEmpty;
  if (code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM) return AcceptStatus::kNoDescriptors;
  return IsOfTheClient(code) ? AcceptStatus::kTryAgain : AcceptStatus::kFailed;
}

}  // namespace

Result<UniqueFd> Listen(const Address& address, const ListenOptions& options) {
  Result<UniqueFd> fd = NewSocket(address.family(), SOCK_STREAM | SOCK_NONBLOCK);
  if (!fd) return Fail(fmt::format("{} for {}", fd.error().message, address.ToString()), fd.error().code);

  const bool is_ip = address.family() != AF_UNIX;
  const bool set = (!is_ip || SetOption(fd->get(), SOL_SOCKET, SO_REUSEADDR, true)) &&
                   (!is_ip || !options.reuseport || SetOption(fd->get(), SOL_SOCKET, SO_REUSEPORT, true)) &&
                   (address.family() != AF_INET6 || SetOption(fd->get(), IPPROTO_IPV6, IPV6_V6ONLY, options.ipv6only));
  if (!set) return FailErrno(fmt::format("cannot set the options of the socket for {}", address.ToString()));

  if (Result<> bound = Bind(fd->get(), address); !bound) return tl::unexpected(bound.error());
  // Buffers have to be set before the window is negotiated, so before anybody connects.
  if (Result<> tuned = Tune(fd->get(), options); !tuned) {
    return Fail(fmt::format("listen() to {} failed: {}", address.ToString(), tuned.error().message),
                tuned.error().code);
  }
  return fd;
}

Result<> Tune(int fd, const ListenOptions& options) {
  const SocketTuning& tuning = options.tuning;
  int family = AF_UNIX;
  socklen_t size = sizeof(family);
  if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) != 0)
    return FailErrno("cannot ask a socket for its family");
  const bool is_tcp = family != AF_UNIX;

  const NumberOption buffers[] = {{"SO_RCVBUF", SOL_SOCKET, SO_RCVBUF, tuning.rcvbuf},
                                  {"SO_SNDBUF", SOL_SOCKET, SO_SNDBUF, tuning.sndbuf}};
  const NumberOption of_tcp[] = {
      {"TCP_FASTOPEN", IPPROTO_TCP, TCP_FASTOPEN, tuning.fastopen},
      {"TCP_KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE, tuning.keepalive_idle},
      {"TCP_KEEPINTVL", IPPROTO_TCP, TCP_KEEPINTVL, tuning.keepalive_interval},
      {"TCP_KEEPCNT", IPPROTO_TCP, TCP_KEEPCNT, tuning.keepalive_count},
  };
  const auto set = [fd](std::span<const NumberOption> rows) -> Result<> {
    for (const NumberOption& row : rows) {
      if (row.value != 0 && !SetNumber(fd, row.level, row.option, row.value)) {
        return FailErrno(fmt::format("cannot set {} to {}", row.name, row.value));
      }
    }
    return {};
  };
  if (auto done = set(buffers); !done) return done;
  if (is_tcp) {
    if (auto done = set(of_tcp); !done) return done;
    if (!SetNumber(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, tuning.deferred ? kDeferSeconds : 0)) {
      return FailErrno("cannot set TCP_DEFER_ACCEPT");
    }
    const bool keepalive = tuning.keepalive == SocketTuning::KeepAlive::kOn;
    if (!SetOption(fd, SOL_SOCKET, SO_KEEPALIVE, keepalive)) return FailErrno("cannot set SO_KEEPALIVE");
  }
  if (listen(fd, options.backlog) != 0) return FailErrno("cannot set the backlog");
  return {};
}

Result<ListeningSocket> DescribeListening(int fd) {
  const auto option = [fd](int name) {
    int value = -1;
    socklen_t size = sizeof(value);
    return getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
  };
  const std::string what = fmt::format("descriptor {}", fd);
  const int type = option(SO_TYPE);
  if (type < 0) return FailErrno(what + " is no socket");
  if (type != SOCK_STREAM) return Fail(what + " is no stream socket");
  if (option(SO_ACCEPTCONN) != 1) return Fail(what + " is a socket that does not listen");
  auto address = Address::LocalOf(fd);
  if (!address) return tl::unexpected(address.error());
  return ListeningSocket{*std::move(address), option(SO_REUSEPORT) == 1};
}

bool IsListening(int fd) {
  int listens = 0;
  socklen_t size = sizeof(listens);
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens != 1) return false;
  // What a Unix socket is after shutdown(2): listening, and closed for reading.
  pollfd state{fd, POLLRDHUP, 0};
  return poll(&state, 1, 0) == 0;
}

Result<> AllowReusePort(int fd) {
  if (!SetOption(fd, SOL_SOCKET, SO_REUSEPORT, true)) return FailErrno("cannot let others listen beside a socket");
  return {};
}

Result<> SteerToFirst(int fd, std::uint32_t sockets) {
  static constexpr const char* kWhat = "cannot choose among the sockets of a reuseport address";
  if (sockets == 0) {
    const int unused = 0;
    // Without a program there is nothing to detach (ENOENT), without a group neither (EINVAL).
    const bool gone = setsockopt(fd, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, &unused, sizeof(unused)) == 0 ||
                      errno == ENOENT || errno == EINVAL;
    if (!gone) return FailErrno(kWhat);
    return {};
  }
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_RANDOM)),
      BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, sockets),
      BPF_STMT(BPF_RET | BPF_A, 0),
  };
  const sock_fprog program{std::size(code), code};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof(program)) != 0) return FailErrno(kWhat);
  return {};
}

Result<Refused> Refuse(int fd, int family) {
  const auto for_good = [&] { return RefuseForGood(fd, family).map([] { return Refused::kForGood; }); };
  if (family == AF_UNIX) return for_good();
  // What the filter of a TCP socket sees begins with the TCP header.
  static constexpr std::uint32_t kFlagsAt = 13;
  static constexpr std::uint32_t kSyn = 0x02;
  static constexpr std::uint32_t kAck = 0x10;
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kFlagsAt),    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, kSyn | kAck),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kSyn, 0, 1), BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
  };
  const sock_fprog program{std::size(code), code};
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0) return Refused::kForNow;
  if (errno == EPERM) return for_good();
  return FailErrno(kNotRefused);
}

Result<> RefuseForGood(int fd, int family) {
  static constexpr int kNoDevice = INT_MAX;
  const int done = family == AF_UNIX ? shutdown(fd, SHUT_RD)
                                     : setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &kNoDevice, sizeof(kNoDevice));
  if (done != 0) return FailErrno(kNotRefused);
  return {};
}

Result<> Admit(int fd) {
  const int unused = 0;
  const bool gone = setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof(unused)) == 0 || errno == ENOENT;
  if (!gone) return FailErrno("cannot let clients come to a listening socket again");
  return {};
}

bool ClientWaits(int listen_fd) {
  pollfd queue{listen_fd, POLLIN, 0};
  return poll(&queue, 1, 0) == 1;
}

bool WakeOthers(int listen_fd) {
  if (!ClientWaits(listen_fd)) return false;
  int family = AF_UNIX;
  socklen_t size = sizeof(family);
  const bool is_tcp = getsockopt(listen_fd, SOL_SOCKET, SO_DOMAIN, &family, &size) == 0 && family != AF_UNIX;
  // For writing, a TCP listener has nothing to shut down: that those who wait are told is all that happens. A Unix
  // socket would remember it.
  if (is_tcp) shutdown(listen_fd, SHUT_WR);
  return true;
}

std::optional<SocketFileId> IdentifySocketFile(const Address& address) {
  struct stat info {};
  const std::string path(address.UnixPath());
  if (path.empty() || lstat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) return std::nullopt;
  return SocketFileId{info.st_dev, info.st_ino};
}

void RemoveSocketFile(const Address& address, const SocketFileId& id) {
  if (IdentifySocketFile(address) == id && IsStaleSocketFile(address)) {
    unlink(std::string(address.UnixPath()).c_str());
  }
}

Result<> SendDatagram(const std::string& name, std::string_view bytes) {
  const std::string what = "cannot send to " + name;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (name.empty() || name.size() >= sizeof(address.sun_path)) return FailErrno(what, EINVAL);
  std::memcpy(address.sun_path, name.data(), name.size());
  if (name.front() == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  Result<UniqueFd> fd = NewSocket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK);
  if (!fd) return tl::unexpected(fd.error());
  ssize_t sent = -1;
  do {
    sent =
        sendto(fd->get(), bytes.data(), bytes.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), size);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return FailErrno(what);
  return {};
}

Result<std::pair<UniqueFd, UniqueFd>> SeqPacketPair() {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) {
    return FailErrno("cannot make a pair of sockets");
  }
  return std::pair(UniqueFd(fds[0]), UniqueFd(fds[1]));
}

Accepted Accept(int listen_fd) {
  sockaddr_storage storage;
  socklen_t size = sizeof(storage);
  auto* const peer = reinterpret_cast<sockaddr*>(&storage);
  int fd = -1;
  do {
    fd = accept4(listen_fd, peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  } while (fd < 0 && errno == EINTR);

  Accepted accepted;
  if (fd < 0) {
    accepted.code = errno;
    accepted.status = StatusOf(accepted.code);
    return accepted;
  }
  accepted.status = AcceptStatus::kAccepted;
  accepted.fd = UniqueFd(fd);
  accepted.peer = Address::FromSockaddr(peer, size);
  return accepted;
}

void SetNoDelay(int fd, bool on) { SetOption(fd, IPPROTO_TCP, TCP_NODELAY, on); }

void SetUnsentLimit(int fd, int bytes) { setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof(bytes)); }

void SetResetOnClose(int fd) {
  const linger reset{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
}

Result<> SetNonBlocking(int fd, bool on) {
  const int flags = fcntl(fd, F_GETFL);
  const int wanted = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
  if (flags < 0 || (wanted != flags && fcntl(fd, F_SETFL, wanted) != 0)) {
    return FailErrno(fmt::format("cannot change the flags of descriptor {}", fd));
  }
  return {};
}

Result<UniqueFd> Connect(const Address& address) {
  Result<UniqueFd> fd = NewSocket(address.family(), SOCK_STREAM);
  if (!fd) return fd;
  int result = -1;
  do {
    result = connect(fd->get(), address.sockaddr_data(), address.sockaddr_size());
  } while (result != 0 && errno == EINTR);
  if (result != 0) return FailErrno("cannot connect to " + address.ToString());
  return fd;
}

}  // namespace colmeia::sys
