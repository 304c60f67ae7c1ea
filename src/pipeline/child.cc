#include "pipeline/child.h"

#include <utility>

#include "log/error_log.h"
#include "pipeline/exchange.h"
#include "pipeline/report.h"
#include "pipeline/services.h"
#include "util/check.h"

namespace colmeia::pipeline {
namespace {

// What the request of a child is: its parent's, but for what it asks for and how.
void TakeRequest(Exchange& child, const Exchange& parent) {
  child.connection = parent.connection;
  child.services = parent.services;
  child.server = parent.server;
  child.started = parent.services->now;
  child.request = parent.request;
  child.request.method = http::Method::kGet;
  child.request.method_text = "GET";
  child.request.head_only = false;
  child.request.length = 0;
  child.request.content_length.reset();
  child.internal = true;
  child.values.Inherit(parent.values);
}

}  // namespace

std::unique_ptr<ChildExchange> ChildExchange::Make(Exchange& parent, std::string_view path, std::string_view args) {
  if (parent.depth_ == kMaxDepth) {
    Report(parent, log::Level::kError, "subrequests cycle while processing \"{}\"", path);
    return nullptr;
  }
  std::uint32_t& made = parent.main().children_made_;
  if (made == kMaxNumber) {
    Report(parent, log::Level::kCrit, "more than {} subrequests while processing \"{}\"", kMaxNumber, path);
    return nullptr;
  }
  ++made;
  std::unique_ptr<Exchange> exchange = parent.services->exchanges.Take();
  TakeRequest(*exchange, parent);
  exchange->SetPath(path, args);
  return std::unique_ptr<ChildExchange>(new ChildExchange(parent, std::move(exchange)));
}

ChildExchange::ChildExchange(Exchange& parent, std::unique_ptr<Exchange> exchange)
    : parent_(parent), exchange_(std::move(exchange)), next_(parent.children_) {
  parent.children_ = this;
  exchange_->parent_ = &parent;
  exchange_->depth_ = parent.depth_ + 1;
}

ChildExchange::~ChildExchange() {
  if (exchange_->awaiting() != nullptr) Runner::Cancel(*exchange_, http::Status::kClientClosedRequest);
  ChildExchange** link = &parent_.children_;
  while (*link != this) link = &(*link)->next_;
  *link = next_;
  Services& services = *exchange_->services;
  services.exchanges.Release(std::move(exchange_));
}

RunState ChildExchange::Run() {
  const CurrentRequest::Scope serving(exchange_->services->serving, exchange_->request.line);
  switch (state_) {
    case State::kNew:
      return Note(Runner::Run(*exchange_));
    case State::kReady:
      return Note(Runner::Resume(*exchange_));
    case State::kWaits:
      return RunState::kWaits;
    case State::kComplete:
      break;
  }
  return RunState::kComplete;
}

RunState ChildExchange::Note(RunState state) {
  state_ = state == RunState::kWaits ? State::kWaits : State::kComplete;
  if (state == RunState::kWaits) exchange_->awaiting()->SetRunner([this] { OnReady(); });
  return state;
}

void ChildExchange::OnReady() {
  state_ = State::kReady;
  const std::function<void()> on_ready = on_ready_;  // outlives this
  on_ready();
}

void ChildExchange::Finish(std::uint64_t body_bytes) {
  CHECK(state_ == State::kComplete);
  exchange_->response.bytes_sent = body_bytes;
  exchange_->response.body_bytes_sent = body_bytes;
  Runner::Log(*exchange_);
}

BodySource* ChildBody::source() const { return open_ ? child_->exchange().response.body.source() : nullptr; }

BodySource::Pulled ChildBody::Next(Piece& out) {
  if (child_ == nullptr) {
    child_ = ChildExchange::Make(parent_, path_, args_);
    if (child_ == nullptr) return Pulled::kBroken;
    child_->SetReader([this] { Wake(); });
  }
  if (!open_) {
    if (child_->Run() == RunState::kWaits) return Pulled::kWait;
    if (!Open()) return Pulled::kBroken;
  }
  const Pulled pulled = source()->Next(out);
  bytes_ += out.length;
  if (pulled == Pulled::kLast) child_->Finish(bytes_);
  return pulled;
}

bool ChildBody::Open() {
  Response& response = child_->exchange().response;
  if (response.withheld) return false;
  if (!http::MayHaveBody(response.status)) response.body.DropBytes();
  response.body.MakeSource();
  open_ = true;
  source()->SetReader([this] { Wake(); });
  if (draining_) source()->Drain();
  return true;
}

bool ChildBody::live() const { return source() != nullptr && source()->live(); }

void ChildBody::Drain() {
  draining_ = true;
  if (source() != nullptr) source()->Drain();
}

}  // namespace colmeia::pipeline
