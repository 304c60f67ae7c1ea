#include "pipeline/request_body.h"

#include <utility>

#include "pipeline/awaiting.h"
#include "pipeline/client_body.h"
#include "pipeline/exchange.h"
#include "pipeline/report.h"
#include "pipeline/services.h"
#include "site/core_settings.h"
#include "util/check.h"

namespace colmeia::pipeline {

// A handler waits until the body is there.
class RequestBody::Collecting final : public Awaiting {
 public:
  Collecting(RequestBody& body, site::Handler then) : body_(body), then_(then) {
    body_.SetReader([this] { Ready(); });
  }
  ~Collecting() override { body_.Drop(); }

  Outcome Resume(Exchange& exchange) override {
    if (body_.state() != State::kCollected) {
      WriteReport(exchange, log::Level::kAlert, body_.spool_->error()->message + " while reading client request body");
      body_.spool_.reset();
      return Outcome::Respond(http::Status::kInternalServerError);
    }
    if (const files::TempFile* const file = body_.file()) {
      const bool wanted = body_.settings_->in_file_only != InFileOnly::kOff;
      Report(exchange, wanted ? log::Level::kNotice : log::Level::kWarn,
             "a client request body is buffered to a temporary file {}",
             file->name().empty() ? body_.settings_->temp_path.path : file->name());
    }
    return then_(exchange);
  }

 private:
  RequestBody& body_;  // of the exchange, which owns this
  site::Handler then_;
};

std::optional<Piece> RequestBody::content() const {
  if (state_ == State::kNone) return Piece{};
  if (state_ != State::kCollected) return std::nullopt;
  if (const files::TempFile* const own = file()) return Piece::File(own->fd(), 0, own->length());
  return Piece::Memory(memory_);
}

files::TempFile* RequestBody::file() const {
  return state_ == State::kCollected && spool_ != nullptr ? spool_->file() : nullptr;
}

std::optional<std::uint64_t> RequestBody::length() const { return ended_ ? received_ : announced_; }

void RequestBody::Begin(std::optional<std::uint64_t> length, std::function<void()> on_wanted) {
  CHECK(state_ == State::kNone);
  state_ = State::kUnread;
  announced_ = length;
  on_wanted_ = std::move(on_wanted);
}

void RequestBody::Collect(const ClientBodySettings& settings, loop::Loop* loop) {
  state_ = State::kCollecting;
  settings_ = &settings;
  loop_ = loop;
  if (settings.in_file_only != InFileOnly::kOff) {
    spools_ = true;
    most_ = 0;
  } else {
    // As in nginx a quarter more is no reason for a file.
    most_ = settings.buffer_size;
    if (announced_ && *announced_ < most_ + most_ / 4) most_ = static_cast<std::size_t>(*announced_);
    if (announced_ && *announced_ <= most_) memory_.reserve(most_);
  }
  if (ended_) Complete();
}

void RequestBody::Take(std::string_view bytes) {
  received_ += bytes.size();
  if (!taken()) return;
  memory_.append(bytes);
  if (state_ == State::kStreaming) {
    if (std::exchange(waits_, false)) Wake();
    return;
  }
  if (memory_.size() > most_) spools_ = true;
  if (spools_ && memory_.size() >= kBlock && (spool_ == nullptr || !spool_->busy())) Store();
}

void RequestBody::End() {
  ended_ = true;
  if (state_ == State::kStreaming && std::exchange(waits_, false)) return Wake();
  if (state_ != State::kCollecting) return;
  Complete();
  if (state_ == State::kCollected) Wake();
}

// All of it has been taken: it is collected, or the rest of it is on its way to the file.
void RequestBody::Complete() {
  if (!spools_) {
    state_ = State::kCollected;
  } else if (spool_ == nullptr || !spool_->busy()) {
    Store();
  }
}

void RequestBody::Store() {
  if (spool_ == nullptr) {
    const bool named = settings_->in_file_only != InFileOnly::kOff;
    spool_ =
        std::make_unique<Spool>(*loop_, settings_->temp_path,
                                named ? files::TempLife::kNamed : files::TempLife::kUnnamed, [this] { OnStored(); });
  }
  spool_->Write(memory_);
}

void RequestBody::OnStored() {
  if (spool_->error() != nullptr) {
    state_ = State::kBroken;
    return Wake();
  }
  if (ended_ && memory_.empty()) {
    state_ = State::kCollected;
    if (settings_->in_file_only == InFileOnly::kOn) spool_->file()->Keep();
    return Wake();
  }
  if (ended_ || memory_.size() >= kBlock) Store();
  if (wants()) on_wanted_();
}

BodySource::Pulled RequestBody::Next(Piece& out) {
  if (state_ != State::kStreaming) return Pulled::kBroken;
  pulled_.clear();
  if (memory_.empty()) {
    waits_ = !ended_;
    return ended_ ? Pulled::kLast : Pulled::kWait;
  }
  const bool was_full = !wants();
  std::swap(pulled_, memory_);
  out = Piece::Memory(pulled_);
  if (ended_) return Pulled::kLast;
  if (was_full) on_wanted_();
  return Pulled::kMore;
}

void RequestBody::Drop() {
  switch (state_) {
    case State::kUnread:
      state_ = State::kDiscarded;
      return;
    case State::kCollecting:
      state_ = State::kDiscarded;
      spool_.reset();
      memory_.clear();
      return;
    case State::kStreaming:
      if (ended_) return;
      state_ = State::kBroken;
      if (std::exchange(waits_, false)) Wake();
      return;
    case State::kNone:
    case State::kDiscarded:
    case State::kCollected:
    case State::kBroken:
      return;
  }
}

void RequestBody::Reset() {
  state_ = State::kNone;
  ended_ = false;
  spools_ = false;
  waits_ = false;
  announced_.reset();
  received_ = 0;
  most_ = 0;
  for (std::string* const bytes : {&memory_, &pulled_}) {
    bytes->clear();
    if (bytes->capacity() > kKept) *bytes = std::string();
  }
  spool_.reset();
  on_wanted_ = nullptr;
  settings_ = nullptr;
  loop_ = nullptr;
}

bool IsTooLarge(Exchange& exchange) {
  const std::uint64_t limit = exchange.settings<site::CoreSettings>().client_max_body_size;
  const std::uint64_t length = exchange.request.content_length.value_or(0);
  if (limit == 0 || length <= limit) return false;
  Report(exchange, log::Level::kError, "client intended to send too large body: {} bytes", length);
  return true;
}

Outcome CollectBody(Exchange& exchange, site::Handler then) {
  RequestBody& body = exchange.body;
  CHECK(!body.taken());
  if (body.state_ != RequestBody::State::kUnread) return then(exchange);
  // The page of an error does without it.
  if (exchange.makes_error_page) return then(exchange);
  if (IsTooLarge(exchange)) return Outcome::Respond(http::Status::kContentTooLarge);
  body.Collect(exchange.settings<ClientBodySettings>(), exchange.services->loop);
  if (body.state_ == RequestBody::State::kCollected) return then(exchange);
  return exchange.Await<RequestBody::Collecting>(body, then);
}

BodySource& StreamBody(Exchange& exchange) {
  RequestBody& body = exchange.body;
  CHECK(body.state_ == RequestBody::State::kUnread || body.state_ == RequestBody::State::kNone);
  if (body.state_ == RequestBody::State::kNone) body.ended_ = true;
  body.state_ = RequestBody::State::kStreaming;
  return body;
}

}  // namespace colmeia::pipeline
