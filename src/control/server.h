// Server: HTTP/1.1 over a Unix socket, on the master's loop. It reads requests and writes replies; what they mean is
// the handler's affair (control/routes.h helps).
//
// It never blocks and never trusts: everything a client can hold is bounded.
// 1. Only root and our own user are heard (SO_PEERCRED); other users get 403.
// 2. At most Limits::connections at once. When they are all taken, the one that has been owing us a request for the
//    longest time makes room; when all of them wait for replies, the newcomer gets 503.
// 3. A request is to be complete, and a response taken, within Limits::patience; then the connection is closed. So is
//    one on which nothing was asked for so long. Waiting for the handler's reply is not limited.
// 4. One request of a connection is handled at a time; what a client sends ahead waits in its socket.
//
//   control::Server server(loop, handler);
//   server.Adopt(*std::move(socket_file));
//   void OnRequest(const Request& request) { server.Reply(request.id, http::Status::kOk, "{}"); }   // now or later
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/request.h"
#include "control/socket_file.h"
#include "h1/parser.h"
#include "http/status.h"
#include "loop/loop.h"
#include "loop/poll.h"
#include "loop/timer.h"
#include "util/clock.h"

namespace colmeia::control {

class Connection;

class Handler {
 public:
  virtual ~Handler() = default;

  // To be answered with Server::Reply(), within the call or any time later. The request is valid during the call.
  virtual void OnRequest(const Request& request) = 0;

  // The client of a request that was not replied to has left: the reply is not wanted any more.
  virtual void OnGone(RequestId id) = 0;
};

struct Limits {
  std::size_t connections = 64;
  std::uint32_t head_bytes = 8 * 1024;
  std::size_t body_bytes = 64 * 1024;
  util::Milliseconds patience{5000};
};

class Server {
 public:
  // Both must outlive this. The handler must not destroy the server within a callback.
  Server(loop::Loop& loop, Handler& handler, Limits limits = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens on `file` from here on, and removes the file it listened on before. Connections stay.
  void Adopt(SocketFile file);

  // Moves the file aside, for a new binary that takes over its path.
  [[nodiscard]] Result<> Rename(const std::string& path) { return file_.Rename(path); }

  // Accepts no more and removes the file. Connections on which nothing is asked end at once, the others when their
  // replies are written: a client that asks again is to find the new listener.
  void Close();

  // The path that is listened on; empty when none is.
  [[nodiscard]] std::string path() const { return file_ ? file_.path() : std::string(); }

  // Answers a request with a JSON text. Without effect when its client has left. What the socket takes at once is
  // written at once, so a reply reaches its client even when the process ends next.
  void Reply(RequestId id, http::Status status, std::string_view json);

  // Bytes of replies that clients have not taken yet, and that wait in memory for them.
  [[nodiscard]] std::size_t unsent() const;

  [[nodiscard]] bool listens() const { return static_cast<bool>(file_); }

  [[nodiscard]] std::size_t connections() const { return connections_.size(); }

 private:
  friend class Connection;

  void StopListening();
  void AcceptAll();
  void Take(sys::UniqueFd fd);
  bool MakeRoom();
  void CheckTimes();
  void Schedule();
  void Remove(Connection& connection);  // destroys it

  loop::Loop& loop_;
  Handler& handler_;
  const Limits limits_;
  const h1::HeadLimits head_limits_;
  SocketFile file_;
  std::unique_ptr<loop::Poll> accepting_;
  loop::Timer times_;                      // the next connection's patience ends, or accepting is tried again
  std::optional<util::TimePoint> paused_;  // no descriptor was left for a client: until then
  RequestId last_id_ = 0;                  // given out
  std::list<std::unique_ptr<Connection>> connections_;
};

}  // namespace colmeia::control
