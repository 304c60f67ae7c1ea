#include "http1/connection.h"

#include <algorithm>
#include <utility>

#include "loop/poll.h"
#include "pipeline/report.h"
#include "util/check.h"

namespace colmeia::http1 {
namespace {

using scoreboard::Gauge;

constexpr unsigned Bit(State state) { return 1u << static_cast<unsigned>(state); }

// The states that may follow each state, in the order of the enum.
constexpr unsigned kMayFollow[] = {
    Bit(State::kServing) | Bit(State::kClosed),
    Bit(State::kServing) | Bit(State::kClosed),
    Bit(State::kIdle) | Bit(State::kHead) | Bit(State::kBody) | Bit(State::kStreaming) | Bit(State::kPaced) |
        Bit(State::kBlocked) | Bit(State::kAwaiting) | Bit(State::kLingering) | Bit(State::kClosed),
    Bit(State::kServing) | Bit(State::kClosed),
    Bit(State::kServing) | Bit(State::kClosed),
    Bit(State::kServing) | Bit(State::kBody) | Bit(State::kClosed),
    Bit(State::kServing) | Bit(State::kClosed),
    Bit(State::kServing) | Bit(State::kClosed),
    Bit(State::kClosed),
    0,
};

constexpr std::string_view kNames[] = {"idle",     "head",  "serving", "body",      "streaming",
                                       "awaiting", "paced", "blocked", "lingering", "closed"};

// As what a connection in this state is counted.
Gauge GaugeOf(State state) {
  switch (state) {
    case State::kIdle:
      return Gauge::kWaiting;
    case State::kHead:
      return Gauge::kReading;
    case State::kServing:
    case State::kBody:
    case State::kStreaming:
    case State::kAwaiting:
    case State::kPaced:
    case State::kBlocked:
    case State::kLingering:
    case State::kClosed:
      break;
  }
  return Gauge::kWriting;
}

}  // namespace

std::string_view StateName(State state) { return kNames[static_cast<std::size_t>(state)]; }

Connection::Connection(Shared& shared, const session::Listener& listener, transport::Transport transport,
                       std::uint64_t number)
    : shared_(shared),
      listener_(listener),
      parser_(listener.limits),
      output_(shared),
      number_(number),
      opened_(shared.now()),
      idle_timeout_(listener.core.client_header_timeout),
      transport_(std::move(transport)),
      no_delay_(listener.core.tcp_nodelay) {}

Connection::~Connection() { CHECK(state_ == State::kClosed); }

log::ErrorLog& Connection::log() const { return *shared_.services.error_logs[listener_.core.error_log]; }

void Connection::Open() {
  shared_.Tick();
  opened_ = shared_.now();
  shared_.counts.Raise(Gauge::kConnections);
  shared_.counts.Raise(Gauge::kWaiting);
  shared_.Arm(*this, idle_timeout_);
  Read();
  Leave();
}

void Connection::Drain() {
  shared_.Tick();
  if (state_ == State::kIdle) {
    shared_.Arm(*this, requests_ == 0 ? kDrainFresh : kDrainIdle);
    Read();
  } else if (state_ == State::kLingering) {
    shared_.Arm(*this, kDrainLinger);
  } else if (Transaction* const last = output_.last(); last != nullptr && last->streaming != Streaming::kNo) {
    last->exchange.response.body.source()->Drain();
    if (state_ == State::kStreaming) Serve(shared_.input.Refill(kept_));
  }
  Leave();
}

void Connection::Evict() {
  CHECK(standing_ != session::Standing::kBusy);
  shared_.Tick();
  evicted_ = true;
  const bool may_have_sent = state_ == State::kIdle;
  if (may_have_sent) Read();
  if (!may_have_sent || state_ == State::kIdle) Close(transport::Ending::kOrderly);
  Leave();
}

util::Milliseconds Connection::patience() const {
  return std::min(kPatience, listener_.core.client_header_timeout / 2);
}

void Connection::Abort() {
  shared_.Tick();
  Close();
  Leave();
}

void Connection::OnPoll(int events) {
  shared_.Tick();
  const bool has_left = (events & loop::kDisconnect) != 0;
  switch (state_) {
    case State::kIdle:
    case State::kHead:
    case State::kBody:
    case State::kLingering:
      ReadMore();
      break;
    case State::kStreaming:
      if (!has_left) break;
      pipeline::Report(output_.first()->exchange, log::Level::kInfo, "client left the stream");
      Close();
      break;
    case State::kPaced:
      if (!has_left) break;
      pipeline::Report(output_.first()->exchange, log::Level::kInfo, "client prematurely closed connection");
      Close();
      break;
    case State::kAwaiting:
      if (!has_left) break;
      pipeline::Report(output_.last()->exchange, log::Level::kInfo, "client prematurely closed connection");
      Close();
      break;
    case State::kBlocked:
      Serve(shared_.input.Refill(kept_));
      break;
    case State::kServing:
    case State::kClosed:
      CHECK(false);  // no event reaches these
  }
  Leave();
}

void Connection::OnSource() {
  if (state_ == State::kServing) return;  // which looks before it ends
  shared_.Tick();
  if (state_ == State::kStreaming) Serve(shared_.input.Refill(kept_));
  Leave();
}

void Connection::OnReady() {
  output_.last()->ready = true;
  if (state_ == State::kServing) return;  // the body that it waits for is being taken
  shared_.Tick();
  // One that is blocked or paced comes to it when earlier answers are written.
  if (state_ == State::kAwaiting || state_ == State::kBody) Serve(shared_.input.Refill(kept_));
  Leave();
}

void Connection::OnWanted() {
  if (state_ != State::kAwaiting) return;
  shared_.Tick();
  Enter(State::kBody);
  shared_.Arm(*this, output_.last()->exchange.settings<site::CoreSettings>().client_body_timeout);
  // The reader calls this, so nothing is read and nothing ends here. What lies decrypted is found when the socket can be
  // written, which is soon; without memory to watch it the client's time runs out.
  const int events = transport_.pending() ? loop::kReadable | loop::kWritable : loop::kReadable;
  static_cast<void>(transport_.Wait(shared_.polls, events, this));
}

void Connection::OnTimeout() {
  shared_.Tick();
  // The last chance of a request that came while we were about to leave.
  if (state_ == State::kIdle && shared_.draining) Read();
  if (state_ == State::kPaced) {
    Serve(shared_.input.Refill(kept_));
  } else if (state_ == State::kBody && DroppedLongEnough()) {
    AnswerHeld();
  } else if (!armed() && state_ != State::kClosed) {
    TimeOut();
  }
  Leave();
}

void Connection::Enter(State state) {
  if (state == state_) return;
  CHECK((kMayFollow[static_cast<std::size_t>(state_)] & Bit(state)) != 0);
  log().PrintFor(number_, log::Level::kDebug, "connection {}: {} -> {}", number_, StateName(state_), StateName(state));

  shared_.counts.Lower(GaugeOf(state_));
  if (state == State::kClosed) {
    shared_.counts.Lower(Gauge::kConnections);
  } else {
    shared_.counts.Raise(GaugeOf(state));
  }
  state_ = state;

  const session::Standing before = standing_;
  standing_ = StandingNow();
  if (standing_ != before) shared_.owner.OnStanding(*this, before);
}

session::Standing Connection::StandingNow() const {
  switch (state_) {
    case State::kIdle:
      return requests_ > 0 ? session::Standing::kIdle : session::Standing::kSilent;
    case State::kBody:
      return output_.last()->answer == Answer::kQueued ? session::Standing::kUnwanted : session::Standing::kBusy;
    case State::kLingering:
      return session::Standing::kUnwanted;
    case State::kHead:
    case State::kServing:
    case State::kStreaming:
    case State::kAwaiting:
    case State::kPaced:
    case State::kBlocked:
    case State::kClosed:
      break;
  }
  return session::Standing::kBusy;
}

void Connection::Settle(Flushed flushed, std::span<char> rest, Before before) {
  switch (flushed) {
    case Flushed::kBroken:
      return Close();
    case Flushed::kWaiting:
      return Pause(State::kStreaming, rest);
    case Flushed::kPaced:
      Pause(State::kPaced, rest);
      if (state_ == State::kPaced) shared_.Arm(*this, output_.pause());
      return;
    case Flushed::kBlocked:
      KeepInput(rest);
      output_.Keep();
      Enter(State::kBlocked);
      shared_.Arm(*this, output_.first()->exchange.settings<site::CoreSettings>().send_timeout);
      return Wait(loop::kWritable);
    case Flushed::kAll:
      break;
  }

  if (!output_.empty() && output_.last()->waits() && !output_.last()->exchange.body.wants()) {
    return Pause(State::kAwaiting, rest);
  }
  if (!output_.empty()) {
    KeepInput({});
    output_.Keep();
    Enter(State::kBody);
    if (DroppedLongEnough()) return AnswerHeld();
    const auto& core = output_.last()->exchange.settings<site::CoreSettings>();
    if (output_.last()->waits()) {
      shared_.Arm(*this, core.client_body_timeout);
      return Wait(loop::kReadable);
    }
    const bool is_answered = standing_ == session::Standing::kUnwanted;
    ArmDropping(is_answered ? core.lingering_timeout : core.client_body_timeout, core.lingering_time);
    return Wait(loop::kReadable);
  }

  if (after_ != AfterResponse::kOpen) return End(!rest.empty() || shared_.input.room() == 0);

  const State what_next = parser_.started() ? State::kHead : State::kIdle;
  KeepInput(rest);
  Enter(what_next);
  // The time for a head counts from its first byte, and empty lines between requests do not prolong an idle life.
  const bool goes_on = what_next == before.state && requests_ == before.requests;
  if (!goes_on) {
    const util::Milliseconds idle = shared_.draining ? kDrainIdle : idle_timeout_;
    shared_.Arm(*this, what_next == State::kHead ? listener_.core.client_header_timeout : idle);
  }
  Wait(loop::kReadable);
}

// Until something on our side is ready, for as long as that takes. May have closed when it returns.
void Connection::Pause(State state, std::span<char> rest) {
  KeepInput(rest);
  output_.Keep();
  Enter(state);
  shared_.timeouts.Disarm(*this);
  // Who has sent all of the body may have shut down that side, and waits for the answer.
  Wait(output_.last()->exchange.body.taken() ? 0 : loop::kDisconnect);
}

void Connection::Wait(int events) {
  if (transport_.Wait(shared_.polls, events, this)) return;
  log().PrintFor(number_, log::Level::kAlert, "no memory to watch one more connection");
  Close();
}

// Whether it takes what the client sends, as things stand.
bool Connection::reads() const {
  return state_ == State::kIdle || state_ == State::kHead || state_ == State::kBody || state_ == State::kLingering;
}

// What a layer has read already wakes no poll.
void Connection::ReadPending() {
  while (transport_.pending() && reads()) ReadMore();
}

// REQUIRES: reads(). All that is still wanted of what was read before was moved or kept.
void Connection::ReadMore() {
  shared_.input.Clear();
  state_ == State::kLingering ? DropInput() : Read();
}

void Connection::Leave() {
  if (transport_.pending()) ReadPending();
  if (state_ == State::kClosed) shared_.owner.Remove(*this);
}

}  // namespace colmeia::http1
