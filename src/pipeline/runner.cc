#include "pipeline/runner.h"

#include "log/error_log.h"
#include "pipeline/core_settings.h"
#include "pipeline/error_response.h"
#include "pipeline/exchange.h"
#include "pipeline/report.h"
#include "pipeline/site.h"

namespace colmeia::pipeline {

void Runner::Enter(Exchange& exchange, const Location* location) {
  exchange.location = location;
  exchange.settings_ = &location->settings;
}

void Runner::Run(Exchange& exchange) {
  Enter(exchange, exchange.server->self.get());
  for (const Handler handler : exchange.server->handlers) {
    const Outcome outcome = handler(exchange);
    switch (outcome.next) {
      case Next::kPass:
        continue;
      case Next::kDone:
        return Complete(exchange);
      case Next::kRespond:
        return Loop(exchange, Respond(exchange, outcome.status));
      case Next::kReroute:
        return Loop(exchange, Reroute(exchange));
    }
  }
  Loop(exchange, Step::kChooseLocation);
}

void Runner::Refuse(Exchange& exchange, http::Status status) {
  Enter(exchange, exchange.server->self.get());
  Loop(exchange, Respond(exchange, status));
}

void Runner::Loop(Exchange& exchange, Step step) {
  while (step == Step::kChooseLocation) {
    const Server& server = *exchange.server;
    const Location* location = nullptr;
    if (!exchange.named_location.empty()) {
      const auto named = server.named.find(exchange.named_location);
      location = named == server.named.end() ? nullptr : named->second;
      if (location == nullptr) {
        Report(exchange, log::Level::kError, "could not find named location \"{}\"", exchange.named_location);
        exchange.named_location = {};
        step = Respond(exchange, http::Status::kInternalServerError);
        continue;
      }
    } else {
      MatchFailure failure;
      location = server.table.Find(exchange.request.path, &exchange.captures, failure);
      if (failure) {
        Report(exchange, log::Level::kAlert, "{}", failure.Text());
        step = Respond(exchange, http::Status::kInternalServerError);
        continue;
      }
      if (location == nullptr) location = server.self.get();
    }
    Enter(exchange, location);
    step = RunHandlers(exchange);
  }
  Complete(exchange);
}

Runner::Step Runner::RunHandlers(Exchange& exchange) {
  const CoreSettings& core = exchange.settings<CoreSettings>();
  if (core.internal && exchange.reroutes == 0) return Respond(exchange, http::Status::kNotFound);

  const std::uint64_t limit = core.client_max_body_size;
  const bool from_client = exchange.error_status == http::Status::kOk;
  if (from_client && limit != 0 && exchange.request.content_length.value_or(0) > limit) {
    Report(exchange, log::Level::kError, "client intended to send too large body: {} bytes",
           *exchange.request.content_length);
    return Respond(exchange, http::Status::kContentTooLarge);
  }

  for (const Handler handler : exchange.location->handlers) {
    const Outcome outcome = handler(exchange);
    switch (outcome.next) {
      case Next::kPass:
        break;
      case Next::kDone:
        return Step::kFinished;
      case Next::kRespond:
        return Respond(exchange, outcome.status);
      case Next::kReroute:
        return Reroute(exchange);
    }
  }
  return Respond(exchange, http::Status::kNotFound);
}

Runner::Step Runner::Reroute(Exchange& exchange) {
  if (++exchange.reroutes > Exchange::kMaxReroutes) {
    Report(exchange, log::Level::kError, "rewrite or internal redirection cycle while internally redirecting to \"{}\"",
           exchange.request.path);
    exchange.named_location = {};
    MakeErrorResponse(exchange, http::Status::kInternalServerError);
    return Step::kFinished;
  }
  return Step::kChooseLocation;
}

Runner::Step Runner::Respond(Exchange& exchange, http::Status status) {
  // An error while making an error page gets the built-in page: error pages are not recursive.
  if (exchange.error_status == http::Status::kOk) {
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

void Runner::Complete(Exchange& exchange) {
  Response& response = exchange.response;
  if (response.status == http::Status::kClose) return;
  // A page made for an error answers with the error's status, unless error_page said otherwise or the page failed
  // itself.
  if (exchange.keep_error_status && response.status == http::Status::kOk) {
    response.status = exchange.error_status;
  }
  for (const HeadFilter filter : exchange.location->filters) filter(exchange);
}

void Runner::Log(Exchange& exchange) {
  for (const LogHandler logger : exchange.location->loggers) logger(exchange);
}

}  // namespace colmeia::pipeline
