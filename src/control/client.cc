#include "control/client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <optional>

#include <fmt/core.h>

#include "control/socket_file.h"
#include "sys/error.h"
#include "util/strings.h"

namespace colmeia::control {
namespace {

constexpr std::size_t kMostHead = 64 * 1024;
constexpr std::size_t kMostBody = 64 * 1024 * 1024;
constexpr util::Milliseconds kLookAgain{20};

// What is left until a deadline, 0 when it has passed.
util::Milliseconds Left(util::TimePoint deadline) {
  const auto left = std::chrono::ceil<util::Milliseconds>(deadline - util::Now());
  return std::clamp(left, util::Milliseconds(0), util::Milliseconds(INT_MAX));
}

// False when the deadline came first.
bool Await(int fd, short events, util::TimePoint deadline) {
  while (true) {
    pollfd one{.fd = fd, .events = events, .revents = 0};
    const util::Milliseconds left = Left(deadline);
    const int ready = poll(&one, 1, static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready == 0 && left.count() == 0) return false;
    if (ready < 0 && errno != EINTR) return true;  // the call that follows says what is wrong
  }
}

struct ParsedHead {
  int status = 0;
  std::size_t body_bytes = 0;
};

// Our server's heads: a status line, and a Content-Length always.
std::optional<ParsedHead> ParseHead(std::string_view head) {
  ParsedHead out;
  bool has_length = false;
  for (const std::string_view raw : util::Split(head, '\n')) {
    const std::string_view line = raw.substr(0, raw.find('\r'));
    if (out.status == 0) {
      if (!line.starts_with("HTTP/1.1 ") || line.size() < 12) return std::nullopt;
      const auto status = util::ParseNumber<int>(line.substr(9, 3));
      if (!status) return std::nullopt;
      out.status = *status;
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !util::EqualsIgnoreCase(line.substr(0, colon), "Content-Length")) continue;
    const auto length = util::ParseNumber<std::size_t>(util::Trim(line.substr(colon + 1)));
    if (!length || *length > kMostBody) return std::nullopt;
    out.body_bytes = *length;
    has_length = true;
  }
  return has_length ? std::optional(out) : std::nullopt;
}

}  // namespace

sys::UniqueFd OpenProcess(pid_t pid) {
  return sys::UniqueFd(pid > 0 ? static_cast<int>(syscall(SYS_pidfd_open, pid, 0)) : -1);
}

bool AwaitEnd(const sys::UniqueFd& process, util::TimePoint deadline) { return Await(process.get(), POLLIN, deadline); }

Result<Client> Client::Connect(const std::string& path, util::TimePoint deadline) {
  struct stat file {};
  static_cast<void>(lstat(path.c_str(), &file));
  auto fd = ConnectTo(path, std::max(Left(deadline), util::Milliseconds(1)));
  if (!fd && fd.error().code == EAGAIN) {
    return Fail(fmt::format("the server does not answer at {}", path), ETIMEDOUT);
  }
  if (!fd) return tl::unexpected(fd.error());
  ucred listener{};
  socklen_t size = sizeof(listener);
  if (getsockopt(fd->get(), SOL_SOCKET, SO_PEERCRED, &listener, &size) != 0) listener.pid = 0;
  Client client(path, *std::move(fd), OpenProcess(listener.pid), listener.pid);
  client.device_ = file.st_dev;
  client.inode_ = file.st_ino;
  return client;
}

bool Client::Moved() const {
  struct stat file {};
  return lstat(path_.c_str(), &file) != 0 || file.st_dev != device_ || file.st_ino != inode_;
}

Result<> Client::ConnectAgain(util::TimePoint deadline) {
  auto client = Connect(path_, deadline);
  if (!client) return tl::unexpected(client.error());
  const bool known = server_pid_ != 0 && client->server_pid_ == server_pid_;
  const bool ended = process_ && control::AwaitEnd(process_, util::TimePoint{});  // its number may be another's by now
  if (!known || ended) return Fail(fmt::format("another server listens at {}", path_), ESTALE);
  *this = *std::move(client);
  return {};
}

Result<Response> Client::Ask(http::Method method, std::string_view path, std::string_view body,
                             util::TimePoint deadline) {
  std::string request = fmt::format("{} {} HTTP/1.1\r\nHost: colmeia\r\n", http::MethodName(method), path);
  if (!body.empty()) request += "Content-Type: application/json\r\n";
  if (method == http::Method::kPost) request += fmt::format("Content-Length: {}\r\n", body.size());
  request += "\r\n";
  request += body;
  // A server that refuses us may close before it has read all: its answer is there all the same.
  if (auto sent = Send(request, deadline); !sent && sent.error().code != EPIPE) return tl::unexpected(sent.error());
  return Receive(deadline);
}

Result<> Client::Send(std::string_view bytes, util::TimePoint deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!Await(fd_.get(), POLLOUT, deadline)) {
        return Fail(fmt::format("the server at {} took no request in time", path_), ETIMEDOUT);
      }
    } else if (errno != EINTR) {
      return sys::FailErrno(fmt::format("cannot write to {}", path_));
    }
  }
  return {};
}

Result<Response> Client::Receive(util::TimePoint deadline) {
  static constexpr std::string_view kHeadEnd = "\r\n\r\n";
  std::string text;
  std::optional<ParsedHead> head;
  std::size_t body_begin = 0;
  while (!head || text.size() < body_begin + head->body_bytes) {
    if (!Await(fd_.get(), POLLIN, deadline)) {
      return Fail(fmt::format("the server at {} did not answer in time", path_), ETIMEDOUT);
    }
    char bytes[16 * 1024];
    const ssize_t got = recv(fd_.get(), bytes, sizeof(bytes), MSG_DONTWAIT);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return Fail(fmt::format("the server at {} left without an answer", path_), ECONNRESET);
    text.append(bytes, static_cast<std::size_t>(got));
    const std::size_t end = text.find(kHeadEnd);
    if (head || (end == std::string::npos && text.size() <= kMostHead)) continue;
    if (end != std::string::npos) head = ParseHead(std::string_view(text).substr(0, end));
    if (!head) return Fail(fmt::format("what answers at {} does not speak our protocol", path_), EPROTO);
    body_begin = end + kHeadEnd.size();
  }
  return Response{head->status, text.substr(body_begin, head->body_bytes)};
}

bool Client::AwaitEnd(util::TimePoint deadline) {
  if (process_) return control::AwaitEnd(process_, deadline);
  // Without a pidfd: a server that leaves stops listening last of all.
  while (ConnectTo(path_, kLookAgain)) {
    if (Left(deadline).count() == 0) return false;
    poll(nullptr, 0, static_cast<int>(kLookAgain.count()));
  }
  return true;
}

}  // namespace colmeia::control
