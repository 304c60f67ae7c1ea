#include "control/socket_file.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include <fmt/core.h>

#include "sys/error.h"
#include "sys/files.h"
#include "sys/guarded_open.h"

namespace colmeia::control {
namespace {

constexpr mode_t kMode = 0600;
constexpr int kBacklog = 128;

// How bind(2) and connect(2) get to a path.
struct Way {
  sockaddr_un address{};
  sys::UniqueFd directory{};  // that the address leads through, when the path is too long for an address

  [[nodiscard]] const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&address); }
};

Result<Way> WayTo(const std::string& path) {
  Way way;
  std::string text = path;
  if (text.size() >= sizeof(way.address.sun_path)) {
    const std::filesystem::path whole(path);
    auto directory = sys::OpenFile(whole.parent_path().string(), O_PATH | O_DIRECTORY);
    if (!directory) return tl::unexpected(directory.error());
    text = fmt::format("/proc/self/fd/{}/{}", directory->get(), whole.filename().string());
    way.directory = *std::move(directory);
  }
  if (text.size() >= sizeof(way.address.sun_path)) {
    return Fail(fmt::format("the name of the control socket is too long: {}", path), ENAMETOOLONG);
  }
  way.address.sun_family = AF_UNIX;
  std::memcpy(way.address.sun_path, text.data(), text.size());
  return way;
}

Result<sys::UniqueFd> NewSocket(int flags) {
  sys::UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (!fd) return sys::FailErrno("cannot make a control socket");
  return fd;
}

// What stands in the way of binding to a path.
enum class Obstacle {
  kStale,   // a socket file that nobody listens on
  kServer,  // one that somebody listens on
  kOther,   // a file of another kind, or nothing that we can look at
};

Obstacle ObstacleAt(const std::string& path, const Way& way) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) return Obstacle::kOther;
  auto probe = NewSocket(SOCK_NONBLOCK);
  if (!probe) return Obstacle::kOther;
  if (connect(probe->get(), way.data(), sizeof(way.address)) == 0 || errno == EAGAIN) return Obstacle::kServer;
  return errno == ECONNREFUSED ? Obstacle::kStale : Obstacle::kOther;
}

std::string KindText(const std::string& path) {
  const std::string_view kind = sys::KindAt(path);
  return std::string(kind.empty() ? "a file" : kind);
}

Result<> Bind(int fd, const std::string& path, const Way& way) {
  int bound = bind(fd, way.data(), sizeof(way.address));
  if (bound != 0 && errno == EADDRINUSE) {
    switch (ObstacleAt(path, way)) {
      case Obstacle::kStale:
        unlink(path.c_str());
        bound = bind(fd, way.data(), sizeof(way.address));
        break;
      case Obstacle::kServer:
        return Fail(fmt::format("another server answers at the control socket {}", path), EADDRINUSE);
      case Obstacle::kOther:
        return Fail(
            fmt::format("cannot make the control socket {}: {} stands at that path, and no socket; move it away "
                        "or name another path",
                        path, KindText(path)),
            EADDRINUSE);
    }
  }
  if (bound != 0) return sys::FailErrno(fmt::format("cannot make the control socket {}", path));
  return {};
}

}  // namespace

Result<SocketFile> SocketFile::Listen(const std::string& path) {
  auto way = WayTo(path);
  if (!way) return tl::unexpected(way.error());
  auto fd = NewSocket(SOCK_NONBLOCK);
  if (!fd) return tl::unexpected(fd.error());
  // The file is born with the socket's mode, so there is no moment at which others could connect.
  if (fchmod(fd->get(), kMode) != 0) return sys::FailErrno("cannot change the mode of a control socket");
  if (auto bound = Bind(fd->get(), path, *way); !bound) return tl::unexpected(bound.error());
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) return sys::FailErrno(fmt::format("cannot look at {}", path));
  SocketFile file(path, *std::move(fd), info.st_dev, info.st_ino);
  if (listen(file.fd(), kBacklog) != 0) {
    const Error error = sys::ErrnoError(fmt::format("cannot listen on the control socket {}", path));
    file.Remove();
    return tl::unexpected(error);
  }
  return file;
}

bool SocketFile::PathIsOurs() const {
  struct stat info {};
  return fd_ && lstat(path_.c_str(), &info) == 0 && info.st_dev == device_ && info.st_ino == inode_;
}

Result<> SocketFile::Rename(const std::string& path) {
  if (!PathIsOurs()) return Fail(fmt::format("{} is no longer our control socket", path_));
  if (rename(path_.c_str(), path.c_str()) != 0) {
    return sys::FailErrno(fmt::format("cannot rename {} to {}", path_, path));
  }
  path_ = path;
  return {};
}

void SocketFile::Remove() {
  if (PathIsOurs()) unlink(path_.c_str());
  fd_.reset();
}

Result<sys::UniqueFd> ConnectTo(const std::string& path, util::Milliseconds limit) {
  auto way = WayTo(path);
  if (!way) return tl::unexpected(way.error());
  auto fd = NewSocket(0);
  if (!fd) return fd;
  // A full queue of clients makes connect(2) wait; this is how long.
  const auto microseconds = std::chrono::microseconds(limit).count();
  const timeval patience{.tv_sec = microseconds / 1'000'000, .tv_usec = microseconds % 1'000'000};
  setsockopt(fd->get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  int connected = -1;
  do {
    connected = connect(fd->get(), way->data(), sizeof(way->address));
  } while (connected != 0 && errno == EINTR);
  if (connected != 0) return sys::FailErrno(fmt::format("cannot connect to {}", path));
  return fd;
}

}  // namespace colmeia::control
