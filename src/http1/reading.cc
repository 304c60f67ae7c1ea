// http1::Connection: bytes from the client become requests.
#include <cerrno>
#include <cstring>

#include "http1/connection.h"
#include "loop/poll.h"
#include "pipeline/report.h"
#include "scoreboard/layout.h"
#include "sys/io.h"

namespace colmeia::http1 {
namespace {

// Offered to recv(2) at least, beside what was kept.
constexpr std::size_t kLeastRoom = 16 * 1024;

}  // namespace

void Connection::Read() {
  shared_.input.Require(kept_.size() + kLeastRoom);
  shared_.input.Refill(kept_);
  const sys::IoResult result = transport_.Read(shared_.input.end(), shared_.input.room());
  switch (result.status) {
    case sys::IoStatus::kDone:
      shared_.input.Extend(result.bytes);
      shared_.counts.Add(scoreboard::Total::kBytesIn, result.bytes);
      if (state_ == State::kIdle) head_started_ = shared_.now();
      return Serve(shared_.input.bytes());
    case sys::IoStatus::kAgain:
      return Wait(loop::kReadable);
    case sys::IoStatus::kEnd:
      return OnEnd();
    case sys::IoStatus::kError:
      return OnReadError(result.code);
  }
}

void Connection::Serve(std::span<char> input) {
  const Before before{state_, requests_};
  Enter(State::kServing);
  Flushed flushed = output_.Flush(transport_);
  while (flushed == Flushed::kAll) {
    Transaction* const last = output_.last();
    if (last != nullptr && last->ready) {
      Resume(*last);
    } else if (input.empty() || (last != nullptr && last->waits() && !last->takes_body())) {
      break;
    } else if (last != nullptr && !last->body.done()) {
      TakeBody(*last, input);
    } else if (last != nullptr && last->streaming != Streaming::kNo) {
      flushed = output_.Flush(transport_);
    } else if (after_ != AfterResponse::kOpen) {
      break;
    } else if (output_.size() >= kMaxBatch) {
      flushed = output_.Flush(transport_);
    } else if (!TakeHead(input)) {
      break;
    }
  }
  if (flushed == Flushed::kAll) {
    if (Transaction* const last = output_.last(); last != nullptr && last->awaits_continue) AskForBody(*last);
    flushed = output_.Flush(transport_);
  }
  Settle(flushed, input, before);
}

// False when there is no further request in the input.
bool Connection::TakeHead(std::span<char>& input) {
  const h1::HeadResult result = parser_.ParseHead(input, shared_.head);
  switch (result.state) {
    case h1::HeadState::kIncomplete:
      return false;
    case h1::HeadState::kError: {
      Transaction& transaction = NewTransaction(shared_.head.line);
      const bool in_fields = parser_.in_fields();
      RefuseHead(transaction, result.fault,
                 in_fields ? "while reading client request headers" : "while reading client request line");
      return false;
    }
    case h1::HeadState::kComplete:
      break;
  }
  const std::string_view head{input.data(), result.consumed};
  input = input.subspan(result.consumed);
  linger_until_ = {};
  Begin(NewTransaction(head), /*body_has_begun=*/!input.empty());
  head_started_ = shared_.now();
  return true;
}

// Reads on in the body of the last request. Content is dropped where no handler asks for it.
void Connection::TakeBody(Transaction& transaction, std::span<char>& input) {
  const h1::BodyDecoder::Step step = transaction.body.Next({input.data(), input.size()});
  input = input.subspan(step.consumed);
  transaction.exchange.request.length += step.consumed;
  if (step.state == h1::BodyState::kError) return RefuseBody(transaction, step.fault);
  if (transaction.body_limit != 0 && transaction.body.total() > transaction.body_limit) {
    return RefuseBody(transaction, {http::Status::kContentTooLarge, "client intended to send too large chunked body"});
  }
  pipeline::RequestBody& content = transaction.exchange.body;
  if (!step.data.empty()) content.Take(step.data);
  if (step.state != h1::BodyState::kDone) return;
  content.End();
  if (transaction.answer == Answer::kNone && !transaction.waits()) WriteAnswer(transaction, /*with_continue=*/false);
}

// A client that waits to be told so sends its body when a handler wants it.
void Connection::AskForBody(Transaction& transaction) {
  if (!transaction.takes_body()) return;
  transaction.awaits_continue = false;
  SendContinue(transaction);
}

// What the log says of a request whose body did not come.
void Connection::LoseBody(Transaction& transaction, http::Status status) {
  if (transaction.waits()) {
    pipeline::Runner::Cancel(transaction.exchange, status);
  } else if (transaction.answer == Answer::kNone) {
    transaction.exchange.response.status = status;
  }
}

void Connection::KeepInput(std::span<char> rest) {
  if (!rest.empty()) {
    kept_.assign(rest.data(), rest.size());
  } else if (!kept_.empty()) {
    kept_ = std::string();  // an idle connection holds no memory that it does not need
  }
}

void Connection::OnEnd() {
  switch (state_) {
    case State::kHead:
      LogUnanswered(http::Status::kBadRequest,
                    "client prematurely closed connection while reading client request headers");
      break;
    case State::kBody: {
      Transaction& transaction = *output_.last();
      pipeline::Report(transaction.exchange, log::Level::kInfo, "client prematurely closed connection");
      LoseBody(transaction, http::Status::kBadRequest);
      break;
    }
    default:
      log().PrintFor(number_, log::Level::kDebug, "client closed keepalive connection");
      return Close(transport::Ending::kOrderly);
  }
  Close();
}

void Connection::OnReadError(int code) {
  // Clients that have had all their answers may go as they like.
  const bool is_harmless = state_ == State::kIdle && code == ECONNRESET;
  log().PrintFor(number_, is_harmless ? log::Level::kDebug : log::Level::kInfo,
                 "recv() failed ({}: {}) while {}, client: {}", code, std::strerror(code),
                 state_ == State::kBody ? "reading client request body" : "waiting for request",
                 transport_.peer().HostText());
  if (state_ == State::kBody) LoseBody(*output_.last(), http::Status::kBadRequest);
  Close();
}

}  // namespace colmeia::http1
