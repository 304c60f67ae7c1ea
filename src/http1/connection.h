// Connection: one client's HTTP/1 connection, from accept to close: when bytes are read, answered, written, and for how
// long anything is waited for. What a request means is pipeline::Runner's business, what its bytes mean is
// h1::Parser's.
//
// In which state a connection is says what it waits for between two callbacks:
//
//                      +------------------------------------------+
//                      v                                          |
//   Open() --> Idle ---+--> Serving --> (all answered) -----------+
//               ^      |      |  ^
//               |      |      |  +---- more of it ---- Head, Body     Head: bytes of a head that is not complete
//               |      |      +----------------------> Head, Body     Body: a body that is still arriving
//               |      |      +-- socket is full ----> Blocked        Blocked: nothing is read before it is written
//               |      |      +-- limit_rate ---------> Paced          Paced: more of the answer leaves after a pause
//               |      |      +-- nothing to send yet -> Streaming    Streaming: the answer's source has no more
//               |      |      +-- no answer yet -------> Awaiting     Awaiting: a handler waits for something else
//               |      |      |                           |
//               +------|------|<-- all written -----------+
//                      |      +-- last answer sent --> Lingering --> Closed
//                      +--- timeout, EOF, error -------------------> Closed
//
// - Serving lasts only as long as a callback. Whatever arrived together is answered together: answers collect in Output
//   and leave in one write at the end of the callback.
// - A connection that is Blocked is not read, so a client that sends and does not receive holds one socket buffer.
// - Paced is not read either, and waits for the clock alone (pipeline/pace.h). A client that closes, or only says that it
//   will send no more, has left, as in nginx.
// - Streaming has no time limit: how long to wait is the source's business. Nothing is read, so requests behind the
//   stream stay in the socket; but a client that closes, or only says that it will send no more, has left.
// - Awaiting is the same before there is an answer: a handler waits (pipeline/awaiting.h). The request's body and the
//   requests behind it stay where they are. A client that leaves ends the wait, and the access log says 499.
// - A handler that waits for the request's body (pipeline/request_body.h) has it in Body. When it has no room for more
//   the connection is Awaiting until it has, and the client is not looked at: its end may stand behind what it sent.
// - Lingering: our side is shut down; what the client still sends is read and dropped for a while, because closing a
//   socket with unread bytes would reset the connection and could destroy the answer on its way (RFC 9112 section 9.6).
// - Whatever is read to be dropped, a body or what comes after the last answer, is read for lingering_time in all.
// - Closed lasts until the end of the callback, which then gives the connection back to its owner.
//
// The answer to a request whose body is chunked is held until the body's end, or until the body was dropped for
// lingering_time, since only at its end it is known whether the body is within client_max_body_size. All others are
// answered at once, and their bodies are read and dropped, as nginx does it.
//
// An idle connection has no exchange, no buffer and no timer of its own: some 300 bytes and a poll handle. What a layer
// between it and the socket has read beyond what was asked for (transport/layer.h) is read before a callback ends.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "h1/parser.h"
#include "http/fault.h"
#include "http1/output.h"
#include "http1/shared.h"
#include "log/error_log.h"
#include "loop/poll_pool.h"
#include "loop/timeouts.h"
#include "pipeline/runner.h"
#include "session/listener.h"
#include "session/session.h"
#include "transport/transport.h"

namespace colmeia::http1 {

enum class State : std::uint8_t {
  kIdle,       // waits for the first byte of a request, the first or another one
  kHead,       // a part of a request's head has arrived
  kServing,    // within a callback: requests are read and answered
  kBody,       // waits for the rest of a request's body
  kStreaming,  // waits until the source of the answer's body has more
  kAwaiting,   // waits until a handler need not wait any more
  kPaced,      // waits until the answer's rate lets more of it out
  kBlocked,    // waits until the client takes more of the answer
  kLingering,  // the last answer is sent; drops what the client still sends
  kClosed,     // the socket is closed; the owner removes this at the end of the callback
};
[[nodiscard]] std::string_view StateName(State state);

// What follows when everything in the queue has been sent.
enum class AfterResponse : std::uint8_t {
  kOpen,    // the next request
  kClose,   // close: the client has no more to say
  kLinger,  // linger first: the client may be sending
  kVanish,  // close without having answered (444)
};

class Connection final : public loop::PollListener, public loop::TimeoutListener, public session::Session {
 public:
  // How long an idle connection is kept when the worker drains: a request that is on its way is answered.
  static constexpr util::Milliseconds kDrainIdle{300};
  // The same for one that has not sent anything yet.
  static constexpr util::Milliseconds kDrainFresh{1000};
  // The most that lingering takes while draining.
  static constexpr util::Milliseconds kDrainLinger{1000};
  // Answers that are collected before they are written.
  static constexpr std::size_t kMaxBatch = 32;
  // How long one may be silent when others wait for its place; half of client_header_timeout if that is shorter.
  static constexpr util::Milliseconds kPatience{1000};

  // `listener` and `shared` outlive this. `number` is unique within the worker's life. Nothing happens before Open().
  Connection(Shared& shared, const session::Listener& listener, transport::Transport transport, std::uint64_t number);
  ~Connection() override;

  // Reads at once what may have arrived already, then waits. May end in the owner's Remove(): the last call of whoever
  // makes a connection.
  void Open();

  // session::Session. Destroying is the owner's: each of these may end in its Remove().
  void Drain() override;  // REQUIRES: Shared::draining is set
  void Evict() override;
  void Abort() override;
  [[nodiscard]] util::TimePoint opened() const override { return opened_; }
  [[nodiscard]] util::Milliseconds patience() const override;

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool idle() const { return state_ == State::kIdle; }
  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] std::uint32_t requests() const { return requests_; }

 private:
  void OnPoll(int events) override;
  void OnTimeout() override;

  void OnSource();  // the answer's source has more
  void OnReady();   // a handler need not wait any more
  void OnWanted();  // a handler has room for more of the request's body

  // What a callback found when it began.
  struct Before {
    State state;
    std::uint32_t requests;
  };

  // connection.cc
  void Enter(State state);
  [[nodiscard]] session::Standing StandingNow() const;
  void Settle(Flushed flushed, std::span<char> rest, Before before);
  void Pause(State state, std::span<char> rest);
  void Wait(int events);
  void Leave();  // the last statement of every callback
  [[nodiscard]] bool reads() const;
  void ReadMore();
  void ReadPending();
  [[nodiscard]] log::ErrorLog& log() const;

  // reading.cc
  void Read();
  void Serve(std::span<char> input);
  [[nodiscard]] bool TakeHead(std::span<char>& input);
  void TakeBody(Transaction& transaction, std::span<char>& input);
  void AskForBody(Transaction& transaction);
  void LoseBody(Transaction& transaction, http::Status status);
  void KeepInput(std::span<char> rest);
  void OnEnd();
  void OnReadError(int code);

  // answering.cc
  [[nodiscard]] Transaction& NewTransaction(std::string_view head);
  [[nodiscard]] const site::VirtualHosts& Hosts(const Transaction& transaction) const;
  void Begin(Transaction& transaction, bool body_has_begun);
  void RefuseHead(Transaction& transaction, http::Fault fault, std::string_view while_doing,
                  log::Level level = log::Level::kInfo);
  void RefuseBody(Transaction& transaction, http::Fault fault);
  [[nodiscard]] pipeline::RunState RunRefused(Transaction& transaction, http::Status status);
  void NoteServing();
  void Resume(Transaction& transaction);
  void Proceed(Transaction& transaction, pipeline::RunState progress);
  void Finish(Transaction& transaction);
  void DecideAfterResponse(Transaction& transaction);
  void WriteAnswer(Transaction& transaction, bool with_continue);
  void SendContinue(Transaction& transaction);
  void Reserve(std::size_t bytes);

  // closing.cc
  void End(bool input_is_left);
  void Linger();
  void DropInput();
  void ArmDropping(util::Milliseconds step, util::Milliseconds total);
  [[nodiscard]] bool DroppedLongEnough() const {
    return linger_until_ != util::TimePoint{} && shared_.now() >= linger_until_;
  }
  void AnswerHeld();
  void LogUnanswered(http::Status status, std::string_view why);
  void TimeOut();
  void Close(transport::Ending ending = transport::Ending::kAbrupt);

  Shared& shared_;                     // outlives this
  const session::Listener& listener_;  // outlives this
  h1::Parser parser_;
  Output output_;
  std::string kept_;  // input that was not taken in the callback in which it arrived
  const std::uint64_t number_;
  util::TimePoint opened_;
  util::TimePoint head_started_{};   // first byte of the request that is being read
  util::TimePoint linger_until_{};   // lingering_time is over then; none while nothing is dropped
  util::Milliseconds idle_timeout_;  // for the next request
  std::uint32_t requests_ = 0;
  transport::Transport transport_;
  State state_ = State::kIdle;
  AfterResponse after_ = AfterResponse::kOpen;
  bool evicted_ = false;  // the next answer is the last
  bool no_delay_;         // TCP_NODELAY, as it is on the socket
};

}  // namespace colmeia::http1
