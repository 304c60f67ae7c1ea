#include "control/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

#include <fmt/core.h>

#include "control/answer.h"
#include "control/json.h"
#include "control/routes.h"
#include "control/server.h"
#include "h1/writer.h"
#include "http/uri.h"
#include "util/arena.h"
#include "util/check.h"

namespace colmeia::control {
namespace {

constexpr std::size_t kReadAtOnce = 16 * 1024;

}  // namespace

Connection::Connection(Server& server, sys::UniqueFd fd, Peer peer)
    : server_(server),
      fd_(std::move(fd)),
      poll_(server.loop_, fd_.get(), [this](int) { OnPoll(); }),
      peer_(peer),
      parser_(server.head_limits_) {
  Enter(State::kReading);
}

void Connection::Begin() { OnPoll(); }

void Connection::OnPoll() {
  Server& server = server_;
  if (state_ == State::kHandling) {
    LookForEnd();
  } else if (state_ == State::kReading && Fill() == Progress::kFailed) {
    server.Remove(*this);
  } else {
    Advance();
  }
  server.Schedule();
}

// Goes on until the socket or the handler has to move. May destroy *this.
void Connection::Advance() {
  while (true) {
    switch (state_) {
      case State::kReading:
        if (TakeRequest() == Progress::kBlocked) return poll_.Start(loop::kReadable);
        break;
      case State::kHandling:
        return poll_.Start(loop::kDisconnect);
      case State::kWriting:
        switch (Write()) {
          case Progress::kBlocked:
            return poll_.Start(loop::kWritable);
          case Progress::kFailed:
            return server_.Remove(*this);
          case Progress::kDone:
            if (!keep_alive_) return server_.Remove(*this);
            Enter(State::kReading);
        }
    }
  }
}

void Connection::Enter(State state) {
  state_ = state;
  deadline_.reset();
  if (state != State::kHandling) deadline_ = server_.loop_.Now() + server_.limits_.patience;
}

// The handler is asked, and something happened at the other end. A client that only ends its requests still listens.
void Connection::LookForEnd() {
  pollfd end{.fd = fd_.get(), .events = 0, .revents = 0};
  if (poll(&end, 1, 0) > 0 && (end.revents & (POLLHUP | POLLERR)) != 0) return server_.Remove(*this);
  poll_.Stop();  // it would stay true; whether somebody listens shows when the reply is written
}

Connection::Progress Connection::Fill() {
  const std::size_t size = input_.size();
  input_.resize(size + kReadAtOnce);
  ssize_t got = -1;
  do {
    got = recv(fd_.get(), input_.data() + size, kReadAtOnce, 0);
  } while (got < 0 && errno == EINTR);
  const bool blocked = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  input_.resize(size + static_cast<std::size_t>(got > 0 ? got : 0));
  if (blocked) return Progress::kBlocked;
  return got > 0 ? Progress::kDone : Progress::kFailed;
}

Connection::Progress Connection::TakeRequest() {
  if (!head_taken_) {
    if (const Progress head = TakeHead(); head != Progress::kDone || state_ != State::kReading) return head;
  }
  if (const Progress body = TakeBody(); body != Progress::kDone || state_ != State::kReading) return body;

  head_taken_ = false;
  request_.id = ++server_.last_id_;
  request_.peer_pid = peer_.pid;
  request_.peer_uid = peer_.uid;
  Enter(State::kHandling);
  in_handler_ = true;
  server_.handler_.OnRequest(request_);
  in_handler_ = false;
  return Progress::kDone;
}

Connection::Progress Connection::TakeHead() {
  const h1::HeadResult result = parser_.ParseHead({input_.data(), input_.size()}, head_);
  if (result.state == h1::HeadState::kIncomplete) return Progress::kBlocked;
  http::Fault fault = result.fault;
  util::Arena arena;
  http::Target target;
  if (!fault) fault = http::ParseTarget(head_.method, head_.target, arena, target);
  if (!fault && head_.content_length.value_or(0) > server_.limits_.body_bytes) {
    fault = {http::Status::kContentTooLarge, "the body is too large"};
  }
  if (fault) {
    request_ = Request();
    Respond(http::WireStatus(fault.status), AnswerJson(MakeAnswer(kExitConfiguration, std::string(fault.reason))),
            false);
    return Progress::kDone;
  }
  request_ = Request();
  request_.method = head_.method;
  request_.path = target.path;
  request_.query = target.args;
  keep_alive_ = head_.keep_alive;
  if (head_.chunked) {
    body_.StartChunked();
  } else {
    body_.StartFixed(head_.content_length.value_or(0));
  }
  const bool wants_continue = head_.expect_continue && input_.size() == result.consumed && !body_.done();
  input_.erase(0, result.consumed);
  head_taken_ = true;
  if (wants_continue) {
    // So few bytes fit, or nobody reads.
    static_cast<void>(send(fd_.get(), h1::kContinueLine.data(), h1::kContinueLine.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
  }
  return Progress::kDone;
}

Connection::Progress Connection::TakeBody() {
  std::string_view left = input_;
  while (!body_.done()) {
    if (left.empty()) {
      input_.clear();
      return Progress::kBlocked;
    }
    const h1::BodyDecoder::Step step = body_.Next(left);
    http::Fault fault = step.fault;
    if (!fault && request_.body.size() + step.data.size() > server_.limits_.body_bytes) {
      fault = {http::Status::kContentTooLarge, "the body is too large"};
    }
    if (fault) {
      Respond(fault.status, AnswerJson(MakeAnswer(kExitConfiguration, std::string(fault.reason))), false);
      return Progress::kDone;
    }
    request_.body += step.data;
    left.remove_prefix(step.consumed);
  }
  input_.erase(0, input_.size() - left.size());
  return Progress::kDone;
}

void Connection::Reply(http::Status status, std::string_view json) {
  CHECK(handling());
  Respond(status, json, keep_alive_);
  if (in_handler_) return;
  Server& server = server_;
  Advance();
  server.Schedule();
}

void Connection::Refuse(http::Status status, std::string_view why) {
  Respond(status,
          AnswerJson(
              MakeAnswer(status == http::Status::kForbidden ? kExitResources : kExitConfiguration, std::string(why))),
          false);
  Advance();
}

bool Connection::idle() const {
  if (state_ != State::kReading || !input_.empty() || head_taken_) return false;
  char byte = 0;
  return recv(fd_.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

void Connection::Expire() {
  if (state_ != State::kReading || (input_.empty() && !head_taken_)) return server_.Remove(*this);
  Refuse(http::Status::kRequestTimeout, "the request did not come to its end in time");
}

void Connection::Respond(http::Status status, std::string_view json, bool keep_alive) {
  keep_alive_ = keep_alive && server_.listens();
  output_.clear();
  written_ = 0;
  // RFC 9110 section 15.5.6.
  http::Fields fields;
  const std::string allow = status == http::Status::kMethodNotAllowed ? MethodsOf(request_.path, ", ") : std::string();
  if (status == http::Status::kMethodNotAllowed) {
    fields.Set(http::HeaderId::kAllow, allow.empty() ? std::string_view("GET, POST") : std::string_view(allow));
  }
  h1::AppendHead({.status = status,
                  .server = "colmeia",
                  .content_type = "application/json",
                  .content_length = json.size() + 1,
                  .connection = keep_alive_ ? h1::ConnectionField::kKeepAlive : h1::ConnectionField::kClose,
                  .fields = &fields},
                 output_);
  output_ += json;
  output_ += '\n';
  Enter(State::kWriting);
}

Connection::Progress Connection::Write() {
  while (written_ < output_.size()) {
    const ssize_t sent = send(fd_.get(), output_.data() + written_, output_.size() - written_, MSG_NOSIGNAL);
    if (sent >= 0) {
      written_ += static_cast<std::size_t>(sent);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return Progress::kBlocked;
    } else if (errno != EINTR) {
      return Progress::kFailed;
    }
  }
  output_ = std::string();  // it may have been large, and the connection may stay
  return Progress::kDone;
}

}  // namespace colmeia::control
