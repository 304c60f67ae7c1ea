// http1::Connection: requests become answers, and the fate of the connection after each one is decided.
#include <fmt/format.h>

#include "h1/writer.h"
#include "http/host.h"
#include "http/uri.h"
#include "http1/connection.h"
#include "pipeline/report.h"
#include "site/core_settings.h"
#include "util/check.h"

namespace colmeia::http1 {
namespace {

using http::Status;
using site::CoreSettings;

// Bodies in memory up to this size are copied behind their heads, which is cheaper than another part of a writev.
constexpr std::uint64_t kSmallBody = 16 * 1024;

// Of a live source, that the kernel may hold for a client that does not read.
constexpr int kUnsentLive = 64 * 1024;

bool IsSmall(const pipeline::Body& body) {
  if (body.length() > kSmallBody || body.source() != nullptr) return false;
  for (const pipeline::Piece& piece : body.pieces()) {
    if (!piece.in_memory()) return false;
  }
  return true;
}

// Whether the head says so: it has the field once, and only where ranges can be had.
bool SaysAcceptRanges(const pipeline::Response& response) {
  return response.accepts_ranges && response.status == Status::kOk &&
         !response.fields.Has(http::HeaderId::kAcceptRanges);
}

}  // namespace

Transaction& Connection::NewTransaction(std::string_view head) {
  Transaction& transaction = shared_.transactions.Take();
  ++requests_;
  transaction.head = head;
  transaction.peer = transport_.peer();
  transaction.facts.number = number_;
  transaction.facts.requests = requests_;
  transaction.facts.peer = &transaction.peer;
  if (listener_.wildcard) {
    transaction.facts.local.AskLater(transport_);
  } else {
    transaction.facts.local.Know(&listener_.socket.address);
  }
  transaction.facts.scheme = transport_.scheme();
  pipeline::Exchange& exchange = transaction.exchange;
  exchange.connection = &transaction.facts;
  exchange.services = &shared_.services;
  exchange.started = head_started_;
  output_.Push(transaction);
  return transaction;
}

const site::VirtualHosts& Connection::Hosts(const Transaction& transaction) const {
  const site::ListenSocket& socket = listener_.socket;
  return socket.specific.empty() ? socket.hosts : socket.HostsFor(*transaction.facts.local);
}

void Connection::Begin(Transaction& transaction, bool body_has_begun) {
  h1::RequestHead& head = shared_.head;
  pipeline::Exchange& exchange = transaction.exchange;
  http::Request& request = exchange.request;
  request.Take(head);
  request.head_only = request.method == http::Method::kHead;
  request.length = transaction.head.size();
  transaction.version_minor = head.version_minor;
  transaction.keep_alive = head.keep_alive;
  const pipeline::CurrentRequest::Scope serving(shared_.services.serving, request.line);

  http::Target target;
  if (const http::Fault fault = http::ParseTarget(request.method, request.target, exchange.arena, target)) {
    return RefuseHead(transaction, fault, "while reading client request line");
  }
  http::HostPort host = head.host_port;
  if (target.form == http::TargetForm::kAbsolute) host = http::SplitHost(target.authority).value_or(http::HostPort{});
  request.path = target.path;
  request.args = target.args;
  request.host = http::LowercaseHost(host, exchange.arena);
  site::MatchFailure failure;
  exchange.server = shared_.servers.Find(Hosts(transaction), request.host, exchange.values, failure);
  if (failure) {
    const std::string reason = failure.Text();
    return RefuseHead(transaction, {Status::kInternalServerError, reason}, "while reading client request headers",
                      log::Level::kAlert);
  }
  if (head.chunked) {
    transaction.body.StartChunked();
  } else {
    transaction.body.StartFixed(request.content_length.value_or(0));
  }
  if (head.chunked || request.content_length) {
    exchange.body.Begin(request.content_length, [this] { OnWanted(); });
    if (transaction.body.done()) exchange.body.End();
  }
  transaction.chunked = head.chunked;
  transaction.awaits_continue = head.expect_continue && !body_has_begun;

  shared_.counts.Add(scoreboard::Total::kRequests);
  NoteServing();
  Proceed(transaction, pipeline::Runner::Run(exchange));
}

// For the watchdog, and for whoever looks at a loop that does not turn.
void Connection::NoteServing() {
  shared_.counts.BeginServing(
      static_cast<std::uint64_t>(shared_.now().time_since_epoch() / std::chrono::nanoseconds(1)));
}

void Connection::Resume(Transaction& transaction) {
  transaction.ready = false;
  const pipeline::CurrentRequest::Scope serving(shared_.services.serving, transaction.exchange.request.line);
  NoteServing();
  Proceed(transaction, pipeline::Runner::Resume(transaction.exchange));
}

// The runner has come to the end of the exchange, or to a handler that waits.
void Connection::Proceed(Transaction& transaction, pipeline::RunState progress) {
  pipeline::Exchange& exchange = transaction.exchange;
  if (!transaction.body.done()) transaction.body_limit = exchange.settings<CoreSettings>().client_max_body_size;
  if (progress == pipeline::RunState::kWaits) return exchange.awaiting()->SetRunner([this] { OnReady(); });

  if (transaction.body.done() || exchange.response.withheld) return Finish(transaction);
  const bool was_pulled = exchange.body.taken();
  exchange.body.Drop();
  const bool is_refusal = http::Code(exchange.response.status) >= 400;
  // A client that was not told to go on may send the body or another request: nobody could tell which.
  if (is_refusal && transaction.awaits_continue) exchange.response.close = true;
  // Who has pulled a part of it needs no more.
  if (is_refusal || was_pulled || !transaction.chunked) {
    return WriteAnswer(transaction, transaction.awaits_continue && !is_refusal);
  }

  // Held: the body decides (TakeBody).
  if (transaction.awaits_continue) SendContinue(transaction);
}

void Connection::SendContinue(Transaction& transaction) {
  Reserve(h1::kContinueLine.size());
  transaction.SetText(shared_.output.Append(h1::kContinueLine));
  transaction.head_left = transaction.text.size();
}

void Connection::RefuseHead(Transaction& transaction, http::Fault fault, std::string_view while_doing,
                            log::Level level) {
  http::Request& request = transaction.exchange.request;
  if (request.line.empty()) {
    request.line = transaction.head;
    request.method_text = request.line.substr(0, request.line.find(' '));
    request.method = http::FindMethod(request.method_text);
    request.head_only = request.method == http::Method::kHead;
    request.length = transaction.head.size();
  }
  shared_.counts.Add(scoreboard::Total::kRequests);
  const pipeline::RunState progress = RunRefused(transaction, fault.status);
  // Both are our own words: a reason that quotes the client has it escaped already.
  if (pipeline::ErrorLogOf(transaction.exchange).Enabled(level)) {
    pipeline::WriteReport(transaction.exchange, level, fmt::format("{} {}", fault.reason, while_doing));
  }
  Proceed(transaction, progress);
}

// The body turned out to be broken or too large.
void Connection::RefuseBody(Transaction& transaction, http::Fault fault) {
  transaction.body.StartFixed(0);
  pipeline::Exchange& exchange = transaction.exchange;
  pipeline::Report(exchange, log::Level::kInfo, "{} while reading client request body", fault.reason);
  exchange.body.Drop();
  if (transaction.answer == Answer::kQueued) {  // it is too late to say so
    after_ = AfterResponse::kLinger;
    return;
  }
  if (transaction.waits()) pipeline::Runner::Cancel(exchange, fault.status);
  transaction.ready = false;
  exchange.response.Drop();
  exchange.named_location = {};
  exchange.makes_error_page = false;
  exchange.keep_error_status = false;
  exchange.reroutes = 0;
  exchange.response.close = true;
  transaction.refused = true;
  Proceed(transaction, pipeline::Runner::Refuse(exchange, fault.status));
}

pipeline::RunState Connection::RunRefused(Transaction& transaction, Status status) {
  pipeline::Exchange& exchange = transaction.exchange;
  exchange.server = Hosts(transaction).default_server();
  if (status == Status::kMethodNotAllowed) exchange.allow = "GET, HEAD";  // what most of what it has answers
  exchange.response.close = true;
  transaction.refused = true;
  return pipeline::Runner::Refuse(exchange, status);
}

void Connection::Finish(Transaction& transaction) {
  if (!transaction.exchange.response.withheld) return WriteAnswer(transaction, /*with_continue=*/false);
  transaction.exchange.response.body.DropBytes();
  transaction.body.StartFixed(0);
  transaction.answer = Answer::kQueued;
  after_ = AfterResponse::kVanish;
}

void Connection::DecideAfterResponse(Transaction& transaction) {
  const CoreSettings& core = transaction.exchange.settings<CoreSettings>();
  pipeline::Response& response = transaction.exchange.response;
  const bool may_persist = transaction.keep_alive && core.keepalive_timeout.count() > 0;
  const bool had_enough = requests_ >= core.keepalive_requests || shared_.now() - opened_ >= core.keepalive_time ||
                          shared_.draining || evicted_;
  if (may_persist && !had_enough && !response.close) {
    idle_timeout_ = core.keepalive_timeout;
    return;
  }
  response.close = true;
  // A client that counted on more may be sending already, and one whose body is not read surely is.
  const bool may_send = may_persist || transaction.refused || !transaction.body.done();
  after_ = may_send ? AfterResponse::kLinger : AfterResponse::kClose;
}

void Connection::WriteAnswer(Transaction& transaction, bool with_continue) {
  pipeline::Exchange& exchange = transaction.exchange;
  pipeline::Response& response = exchange.response;
  const CoreSettings& core = exchange.settings<CoreSettings>();
  const bool may_have_body = http::MayHaveBody(response.status);
  const bool sends_body = may_have_body && !exchange.request.head_only;
  pipeline::BodySource* const source = sends_body ? response.body.source() : nullptr;
  const std::optional<std::uint64_t> length = response.body.KnownLength();
  const bool chunked = source != nullptr && !length && transaction.version_minor >= 1;
  // A live source may take for ever: the rest of the request would never be read.
  const bool starves_request = source != nullptr && source->live() && !transaction.body.done();
  if (starves_request || (source != nullptr && !chunked && !length)) response.close = true;
  DecideAfterResponse(transaction);
  if (after_ != AfterResponse::kOpen) transaction.body.StartFixed(0);  // lingering will drop it
  if (!response.etag.empty()) response.fields.Remove(http::HeaderId::kEtag);
  if (after_ == AfterResponse::kOpen && core.keepalive_header) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*core.keepalive_header).count();
    response.fields.Set(http::HeaderId::kKeepAlive, exchange.arena.Copy(fmt::format("timeout={}", seconds)));
  }

  h1::ResponseHead head;
  head.status = response.status;
  head.server = Shared::ServerName(core.server_tokens == site::ServerTokens::kOn);
  head.date = shared_.Date();
  if (may_have_body) {
    head.content_type = response.content_type;
    head.content_length = length;
    head.chunked = chunked;
  }
  head.last_modified = response.last_modified;
  head.etag = response.etag;
  head.accept_ranges = SaysAcceptRanges(response);
  head.connection = after_ == AfterResponse::kOpen ? h1::ConnectionField::kKeepAlive : h1::ConnectionField::kClose;
  head.fields = &response.fields;

  const bool is_small = sends_body && IsSmall(response.body);
  const std::size_t interim = with_continue ? h1::kContinueLine.size() : 0;
  const std::size_t needed =
      interim + h1::MaxHeadSize(head) + (is_small ? static_cast<std::size_t>(response.body.length()) : 0);
  CHECK(transaction.text.empty());
  if (needed > shared_.output.capacity()) {
    std::string& text = transaction.OwnText();
    if (with_continue) text.append(h1::kContinueLine);
    h1::AppendHead(head, text);
    transaction.text = text;
    transaction.head_left = text.size();
  } else {
    Reserve(needed);
    session::Buffer& out = shared_.output;
    char* const begin = out.end();
    if (with_continue) out.Append(h1::kContinueLine);
    out.Extend(static_cast<std::size_t>(shared_.heads.Write(head, out.end()) - out.end()));
    transaction.head_left = static_cast<std::size_t>(out.end() - begin);
    if (is_small) {
      for (const pipeline::Piece& piece : response.body.pieces()) out.Append(piece.memory);
    }
    transaction.SetText({begin, static_cast<std::size_t>(out.end() - begin)});
    if (is_small) transaction.piece = response.body.pieces().size();
  }
  if (!sends_body) transaction.piece = response.body.pieces().size();

  transaction.use_sendfile = core.sendfile && transport_.can_send_file();
  if (!core.limit_rate.always_zero() || exchange.limit_rate) transaction.pace = pipeline::PaceOf(exchange);
  transaction.answer = Answer::kQueued;
  if (source != nullptr) {
    if (source->live()) transport_.SetUnsentLimit(kUnsentLive);
    source->SetReader([this] { OnSource(); });
    transaction.streaming = chunked ? Streaming::kChunked : length ? Streaming::kSized : Streaming::kPlain;
    transaction.promised = length.value_or(0);
    if (shared_.draining) source->Drain();
    // Its first bytes leave with the head. If it has none yet, or never will, the flush is told so again.
    (void)transaction.Pull();
  }
  if (core.tcp_nodelay != no_delay_) {
    no_delay_ = core.tcp_nodelay;
    transport_.SetNoDelay(no_delay_);
  }
}

// Room in the output buffer, which is emptied into the socket, or into the works' own memory, when it is too full.
void Connection::Reserve(std::size_t bytes) {
  if (shared_.output.room() >= bytes) return;
  // Whatever comes of it is found again by the flush at the end of the callback.
  (void)output_.Flush(transport_);
  output_.Keep();
  shared_.output.Clear();
}

}  // namespace colmeia::http1
