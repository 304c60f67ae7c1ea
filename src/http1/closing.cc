// http1::Connection: the end, in order, in time, or at once.
#include <algorithm>
#include <chrono>

#include "http1/connection.h"
#include "loop/poll.h"
#include "pipeline/report.h"
#include "sys/io.h"

namespace colmeia::http1 {
namespace {

using transport::Ending;

// Of a client that is not heard any more.
Ending EndingOf(const site::CoreSettings& core) {
  return core.reset_timedout_connection ? Ending::kReset : Ending::kAbrupt;
}

constexpr std::string_view kTimedOut = "client timed out (110: Connection timed out)";

}  // namespace

// Everything is answered, and there will be no other request.
void Connection::End(bool input_is_left) {
  switch (after_) {
    case AfterResponse::kVanish:
      return Close(EndingOf(listener_.core));
    case AfterResponse::kClose:
      if (!input_is_left) return Close(Ending::kOrderly);
      return Linger();
    case AfterResponse::kOpen:
    case AfterResponse::kLinger:
      return Linger();
  }
}

void Connection::Linger() {
  KeepInput({});
  transport_.Shutdown();
  Enter(State::kLingering);
  if (shared_.draining || evicted_) {
    shared_.Arm(*this, kDrainLinger);
  } else {
    ArmDropping(listener_.core.lingering_timeout, listener_.core.lingering_time);
  }
  Wait(loop::kReadable);
}

// The time for more of what is dropped: `step` until the next byte, `total` for all of it.
void Connection::ArmDropping(util::Milliseconds step, util::Milliseconds total) {
  if (linger_until_ == util::TimePoint{}) linger_until_ = shared_.now() + total;
  const auto left = std::chrono::ceil<util::Milliseconds>(linger_until_ - shared_.now());
  if (left >= step) return shared_.Arm(*this, step);
  // In whole units, since Timeouts keeps a list for each length.
  const util::Milliseconds unit{left >= std::chrono::seconds(1) ? 1000 : 100};
  shared_.Arm(*this, std::min(step, (left + unit - util::Milliseconds(1)) / unit * unit));
}

// A body has been dropped for lingering_time and goes on. An answer that was held for its end is given now, and what
// comes after that is dropped for lingering_timeout at the most.
void Connection::AnswerHeld() {
  if (output_.last()->answer == Answer::kQueued) return Close();
  const Before before{state_, requests_};
  Enter(State::kServing);
  Transaction& transaction = *output_.last();
  transaction.exchange.response.close = true;
  WriteAnswer(transaction, /*with_continue=*/false);
  linger_until_ = shared_.now() + listener_.core.lingering_timeout;
  Settle(output_.Flush(transport_), {}, before);
}

void Connection::DropInput() {
  const sys::IoResult result = transport_.Read(shared_.input.end(), shared_.input.room());
  switch (result.status) {
    case sys::IoStatus::kDone:
      shared_.counts.Add(scoreboard::Total::kBytesIn, result.bytes);
      if (shared_.draining || evicted_) return;  // the timer of Drain() goes on
      if (DroppedLongEnough()) return Close();
      return ArmDropping(listener_.core.lingering_timeout, listener_.core.lingering_time);
    case sys::IoStatus::kAgain:
      return;
    case sys::IoStatus::kEnd:
    case sys::IoStatus::kError:
      return Close();
  }
}

// The access log knows of a request that never came to be one: its first line, if it was complete.
void Connection::LogUnanswered(http::Status status, std::string_view why) {
  std::string_view line = kept_;
  while (line.starts_with('\r') || line.starts_with('\n')) line.remove_prefix(1);
  const std::size_t end = line.find('\n');
  line = end == std::string_view::npos ? std::string_view{} : line.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);

  Transaction& transaction = NewTransaction(line);
  pipeline::Exchange& exchange = transaction.exchange;
  exchange.request.line = line;
  exchange.request.length = kept_.size();
  static_cast<void>(RunRefused(transaction, status));
  if (transaction.waits()) pipeline::Runner::Cancel(exchange, status);
  exchange.response.status = status;
  pipeline::Report(exchange, log::Level::kInfo, "{}", why);
}

void Connection::TimeOut() {
  Ending ending = EndingOf(listener_.core);
  switch (state_) {
    case State::kIdle:
      if (requests_ == 0) {
        log().PrintFor(number_, log::Level::kInfo, "{} while waiting for request, client: {}", kTimedOut,
                       transport_.peer().HostText());
      } else {
        ending = Ending::kOrderly;
      }
      break;
    case State::kHead:
      LogUnanswered(http::Status::kRequestTimeout,
                    "client timed out (110: Connection timed out) while reading client request headers");
      break;
    case State::kBody: {
      Transaction& transaction = *output_.last();
      pipeline::Report(transaction.exchange, log::Level::kInfo, "{} while reading client request body", kTimedOut);
      ending = EndingOf(transaction.exchange.settings<site::CoreSettings>());
      LoseBody(transaction, http::Status::kRequestTimeout);
      break;
    }
    case State::kBlocked: {
      Transaction& transaction = *output_.first();
      pipeline::Report(transaction.exchange, log::Level::kInfo, "{} while sending response to client", kTimedOut);
      ending = EndingOf(transaction.exchange.settings<site::CoreSettings>());
      break;
    }
    case State::kStreaming:
    case State::kAwaiting:
    case State::kPaced:
    case State::kLingering:
    case State::kServing:
    case State::kClosed:
      ending = Ending::kAbrupt;
      break;
  }
  Close(ending);
}

void Connection::Close(Ending ending) {
  if (state_ == State::kClosed) return;
  output_.Abandon();
  shared_.timeouts.Disarm(*this);
  transport_.Close(shared_.polls, ending);
  KeepInput({});
  Enter(State::kClosed);
}

}  // namespace colmeia::http1
