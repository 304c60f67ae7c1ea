#include "pipeline/runner.h"

#include <cstdint>
#include <memory>
#include <utility>

#include "log/error_log.h"
#include "pipeline/error_response.h"
#include "pipeline/exchange.h"
#include "pipeline/report.h"
#include "pipeline/request_body.h"
#include "site/core_settings.h"
#include "site/site.h"
#include "util/check.h"

namespace colmeia::pipeline {

void Runner::Enter(Exchange& exchange, const site::Location* location) {
  exchange.location = location;
  exchange.settings_ = &location->settings;
}

RunState Runner::Run(Exchange& exchange) { return Loop(exchange, Step::kChooseLocation); }

RunState Runner::Resume(Exchange& exchange) {
  std::unique_ptr<Awaiting> awaiting = std::move(exchange.awaiting_);
  const Outcome outcome = awaiting->Resume(exchange);
  if (outcome.next == Next::kAwait && exchange.awaiting_ == nullptr) exchange.awaiting_ = std::move(awaiting);
  awaiting.reset();
  return Loop(exchange, outcome.next == Next::kPass ? GoOn(exchange) : Follow(exchange, outcome));
}

void Runner::Cancel(Exchange& exchange, http::Status status) {
  CHECK(exchange.awaiting_ != nullptr);
  exchange.awaiting_.reset();
  exchange.response.Drop();
  exchange.response.status = status;
}

RunState Runner::Refuse(Exchange& exchange, http::Status status) {
  if (exchange.location == nullptr) Enter(exchange, exchange.server->self.get());
  return Loop(exchange, Respond(exchange, status));
}

RunState Runner::Loop(Exchange& exchange, Step step) {
  for (;;) {
    while (step == Step::kChooseLocation) {
      step = exchange.named_location.empty() ? EnterByPath(exchange) : EnterByName(exchange);
    }
    if (step == Step::kAwait) return RunState::kWaits;
    const http::Status refusal = Complete(exchange);
    if (refusal == http::Status::kNone) return RunState::kComplete;
    step = Respond(exchange, refusal);
  }
}

Runner::Step Runner::EnterByName(Exchange& exchange) {
  const site::Server& server = *exchange.server;
  const auto named = server.named.find(exchange.named_location);
  if (named == server.named.end()) {
    Report(exchange, log::Level::kError, "could not find named location \"{}\"", exchange.named_location);
    exchange.named_location = {};
    return Respond(exchange, http::Status::kInternalServerError);
  }
  Enter(exchange, named->second);
  return RunLocation(exchange);
}

Runner::Step Runner::EnterByPath(Exchange& exchange) {
  const site::Server& server = *exchange.server;
  Enter(exchange, server.self.get());
  if (!server.handlers.empty()) {
    const Step step = RunHandlers(exchange, server.handlers, 0);
    if (step != Step::kPassed) return step;
  }
  return FindLocation(exchange);
}

Runner::Step Runner::FindLocation(Exchange& exchange) {
  site::MatchFailure failure;
  const site::Location* const location =
      exchange.server->table.Find(exchange.request.path, &exchange.captures, failure);
  if (failure) {
    WriteReport(exchange, log::Level::kAlert, failure.Text());
    return Respond(exchange, http::Status::kInternalServerError);
  }
  if (location != nullptr) Enter(exchange, location);
  return RunLocation(exchange);
}

Runner::Step Runner::RunLocation(Exchange& exchange) {
  const site::CoreSettings& core = exchange.settings<site::CoreSettings>();
  if (core.internal && exchange.reroutes == 0 && exchange.parent() == nullptr)
    return Respond(exchange, http::Status::kNotFound);

  const bool says_length = exchange.request.content_length.has_value() && !exchange.makes_error_page;
  if (says_length && IsTooLarge(exchange)) return Respond(exchange, http::Status::kContentTooLarge);
  const site::Location& location = *exchange.location;
  const Step step =
      RunHandlers(exchange, exchange.parent() == nullptr ? location.handlers : location.child_handlers, 0);
  return step == Step::kPassed ? Respond(exchange, http::Status::kNotFound) : step;
}

Runner::Step Runner::RunHandlers(Exchange& exchange, const std::vector<site::Handler>& handlers, std::size_t first) {
  for (std::size_t at = first; at < handlers.size(); ++at) {
    const Outcome outcome = handlers[at](exchange);
    if (outcome.next == Next::kPass) continue;
    if (outcome.next == Next::kAwait) {
      exchange.handlers_ = &handlers;
      exchange.handler_ = at;
    }
    return Follow(exchange, outcome);
  }
  return Step::kPassed;
}

Runner::Step Runner::Follow(Exchange& exchange, Outcome outcome) {
  switch (outcome.next) {
    case Next::kPass:
      break;
    case Next::kDone:
      return Step::kFinished;
    case Next::kRespond:
      return Respond(exchange, outcome.status);
    case Next::kReroute:
      return Reroute(exchange);
    case Next::kAwait:
      CHECK(exchange.awaiting_ != nullptr);
      return Step::kAwait;
  }
  return Step::kPassed;
}

Runner::Step Runner::GoOn(Exchange& exchange) {
  const Step step = RunHandlers(exchange, *exchange.handlers_, exchange.handler_ + 1);
  if (step != Step::kPassed) return step;
  const bool in_server = exchange.handlers_ == &exchange.server->handlers;
  return in_server ? FindLocation(exchange) : Respond(exchange, http::Status::kNotFound);
}

Runner::Step Runner::Reroute(Exchange& exchange) {
  if (++exchange.reroutes > Exchange::kMaxReroutes) {
    Report(exchange, log::Level::kError, "rewrite or internal redirection cycle while internally redirecting to \"{}\"",
           exchange.named_location.empty() ? exchange.request.path : exchange.named_location);
    exchange.named_location = {};
    MakeErrorResponse(exchange, http::Status::kInternalServerError);
    return Step::kFinished;
  }
  return Step::kChooseLocation;
}

Runner::Step Runner::Respond(Exchange& exchange, http::Status status) {
  // An error while making an error page gets the built-in page: error pages are not recursive.
  if (!exchange.makes_error_page) {
    switch (ApplyErrorPage(exchange, status)) {
      case ErrorPageVerdict::kInternal:
        return Reroute(exchange);
      case ErrorPageVerdict::kRedirect:
        return Step::kFinished;
      case ErrorPageVerdict::kNone:
        break;
    }
  }
  MakeErrorResponse(exchange, status);
  return Step::kFinished;
}

http::Status Runner::Complete(Exchange& exchange) {
  Response& response = exchange.response;
  if (response.withheld) return http::Status::kNone;
  // A page made for an error answers with the error's status, unless error_page said otherwise or the page failed
  // itself.
  if (exchange.keep_error_status) {
    response.status = exchange.error_status;
    if (response.status != http::Status::kOk) response.DropValidators();
  }
  if (response.status != http::Status::kOk) AddFieldsOfStatus(exchange);
  const site::Location& location = *exchange.location;
  for (const site::HeadFilter filter : exchange.parent() == nullptr ? location.filters : location.child_filters) {
    filter(exchange);
    if (exchange.refusal != http::Status::kNone) return std::exchange(exchange.refusal, http::Status::kNone);
  }
  // RFC 9110 section 15.5.6: a 405 has the field. Where the configuration answers so, no method is any better.
  if (response.status == http::Status::kMethodNotAllowed && !response.fields.Has(http::HeaderId::kAllow)) {
    response.fields.Set(http::HeaderId::kAllow, {});
  }
  return http::Status::kNone;
}

void Runner::Log(Exchange& exchange) {
  if (exchange.parent() != nullptr && !exchange.settings<site::CoreSettings>().log_subrequest) return;
  for (const site::LogHandler logger : exchange.location->loggers) logger(exchange);
}

}  // namespace colmeia::pipeline
