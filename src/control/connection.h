// Connection: one client of the control socket: its bytes become a request, the reply becomes bytes, and again.
//
//   kReading --a whole request--> kHandling --Reply()--> kWriting --all written--> kReading, or the end
//       |                             |                      ^
//       +--cannot be served-----------|----------------------+
//       +--EOF, or out of patience----+--the client left, or out of patience--> the end
//
// Owned by the Server. Every function that says so may destroy *this as its last act.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "control/request.h"
#include "h1/body_decoder.h"
#include "h1/parser.h"
#include "h1/request_head.h"
#include "http/status.h"
#include "loop/poll.h"
#include "sys/unique_fd.h"
#include "util/clock.h"

namespace colmeia::control {

class Server;

struct Peer {
  pid_t pid = 0;
  uid_t uid = 0;
};

class Connection {
 public:
  // `server` outlives this.
  Connection(Server& server, sys::UniqueFd fd, Peer peer);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Reads what is there already. May destroy *this.
  void Begin();

  // Answers, reads no more, and ends. May destroy *this.
  void Refuse(http::Status status, std::string_view why);

  // REQUIRES: handling(). May destroy *this, but not within Handler::OnRequest().
  void Reply(http::Status status, std::string_view json);

  // Its patience has ended. May destroy *this.
  void Expire();

  [[nodiscard]] bool handling() const { return state_ == State::kHandling; }
  [[nodiscard]] RequestId id() const { return request_.id; }

  // Nothing is asked, and nothing of a request is on its way.
  [[nodiscard]] bool idle() const;

  // Memory that holds a response until all of it is written.
  [[nodiscard]] std::size_t unsent() const { return output_.size(); }

  // Until when the present state may last; nullopt while the handler is asked.
  [[nodiscard]] std::optional<util::TimePoint> deadline() const { return deadline_; }

 private:
  enum class State {
    kReading,   // a request is awaited, or arrives
    kHandling,  // the handler has it, and owes a reply
    kWriting,   // the response is on its way out
  };
  enum class Progress {
    kDone,     // go on with the state that was reached
    kBlocked,  // the socket has to move first
    kFailed,   // the client is gone
  };

  void OnPoll();
  void Advance();
  void Enter(State state);
  Progress Fill();
  Progress TakeRequest();
  Progress TakeHead();
  Progress TakeBody();
  Progress Write();
  void Respond(http::Status status, std::string_view json, bool keep_alive);
  void LookForEnd();

  Server& server_;
  sys::UniqueFd fd_;
  loop::Poll poll_;  // of fd_
  const Peer peer_;

  State state_ = State::kReading;
  std::optional<util::TimePoint> deadline_;
  std::string input_;
  h1::Parser parser_;
  h1::RequestHead head_;
  h1::BodyDecoder body_;
  bool head_taken_ = false;  // request_ holds a head, its body is being read
  bool keep_alive_ = false;  // as the request has it
  bool in_handler_ = false;  // OnRequest() is on the stack
  Request request_;
  std::string output_;
  std::size_t written_ = 0;  // of output_
};

}  // namespace colmeia::control
