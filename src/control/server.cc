#include "control/server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "control/connection.h"
#include "log/error_log.h"
#include "sys/sockets.h"

namespace colmeia::control {
namespace {

// Without a descriptor to spare, accepting is tried again after this.
constexpr util::Milliseconds kPause{100};

// Who connected, as the kernel knows it.
Peer PeerOf(int fd) {
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return {0, static_cast<uid_t>(-1)};
  return {credentials.pid, credentials.uid};
}

}  // namespace

Server::Server(loop::Loop& loop, Handler& handler, Limits limits)
    : loop_(loop),
      handler_(handler),
      limits_(limits),
      head_limits_{.line_bytes = limits.head_bytes, .head_bytes = limits.head_bytes},
      times_(loop, [this] { CheckTimes(); }) {}

Server::~Server() { Close(); }

void Server::Adopt(SocketFile file) {
  StopListening();
  file_ = std::move(file);
  accepting_ = std::make_unique<loop::Poll>(loop_, file_.fd(), [this](int) { AcceptAll(); });
  accepting_->Start(loop::kReadable);
}

void Server::StopListening() {
  accepting_.reset();
  paused_.reset();
  file_.Remove();
}

void Server::Close() {
  StopListening();
  std::erase_if(connections_, [](const auto& connection) { return connection->idle(); });
}

void Server::Reply(RequestId id, http::Status status, std::string_view json) {
  for (const auto& connection : connections_) {
    if (connection->handling() && connection->id() == id) return connection->Reply(status, json);
  }
}

void Server::AcceptAll() {
  // The loop has other things to do, too: the rest is taken at its next turn.
  for (std::size_t i = 0; i < limits_.connections; ++i) {
    sys::Accepted accepted = sys::Accept(file_.fd());
    switch (accepted.status) {
      case sys::AcceptStatus::kAccepted:
        Take(std::move(accepted.fd));
        break;
      case sys::AcceptStatus::kTryAgain:
        break;
      case sys::AcceptStatus::kEmpty:
        return Schedule();
      case sys::AcceptStatus::kNoDescriptors:
      case sys::AcceptStatus::kFailed:
        // The client stays in the queue. Letting go of somebody who waits for nothing may be all that it takes.
        static_cast<void>(MakeRoom());
        paused_ = loop_.Now() + kPause;
        accepting_->Stop();
        return Schedule();
    }
    if (accepting_ == nullptr) return;  // the handler has closed us
  }
  Schedule();
}

void Server::Take(sys::UniqueFd fd) {
  const Peer peer = PeerOf(fd.get());
  const bool full = connections_.size() >= limits_.connections && !MakeRoom();
  Connection& connection = *connections_.emplace_back(std::make_unique<Connection>(*this, std::move(fd), peer));
  if (peer.uid != 0 && peer.uid != geteuid()) {
    log::Main().Print(log::Level::kWarn, "control: refused process {} of user {} at {}", peer.pid, peer.uid, path());
    connection.Refuse(http::Status::kForbidden, fmt::format("only root and user {} are heard here", geteuid()));
  } else if (full) {
    connection.Refuse(http::Status::kServiceUnavailable, "too many requests wait for their answer; try again later");
  } else {
    connection.Begin();
  }
}

// Ends the connection that has owed us something for the longest time. False when we owe something to all of them.
bool Server::MakeRoom() {
  Connection* oldest = nullptr;
  for (const auto& connection : connections_) {
    if (!connection->deadline()) continue;
    if (oldest == nullptr || *connection->deadline() < *oldest->deadline()) oldest = connection.get();
  }
  if (oldest == nullptr) return false;
  Remove(*oldest);
  return true;
}

void Server::CheckTimes() {
  if (paused_ && *paused_ <= loop_.Now()) {
    paused_.reset();
    accepting_->Start(loop::kReadable);
  }
  while (true) {
    // Expiring one may end others: look anew each time.
    const auto expired = std::find_if(connections_.begin(), connections_.end(), [&](const auto& connection) {
      return connection->deadline() && *connection->deadline() <= loop_.Now();
    });
    if (expired == connections_.end()) break;
    (*expired)->Expire();
  }
  Schedule();
}

void Server::Schedule() {
  std::optional<util::TimePoint> next = paused_;
  for (const auto& connection : connections_) {
    const auto deadline = connection->deadline();
    if (deadline && (!next || *deadline < *next)) next = deadline;
  }
  if (next) {
    times_.StartAt(*next);
  } else {
    times_.Stop();
  }
}

std::size_t Server::unsent() const {
  std::size_t bytes = 0;
  for (const auto& connection : connections_) bytes += connection->unsent();
  return bytes;
}

void Server::Remove(Connection& connection) {
  const auto at =
      std::find_if(connections_.begin(), connections_.end(), [&](const auto& one) { return one.get() == &connection; });
  const std::optional<RequestId> asked = connection.handling() ? std::optional(connection.id()) : std::nullopt;
  connections_.erase(at);
  if (asked) handler_.OnGone(*asked);
}

}  // namespace colmeia::control
