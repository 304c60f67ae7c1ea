#include "modules/rewrite_return.h"

#include "pipeline/error_response.h"
#include "pipeline/evaluate.h"
#include "pipeline/exchange.h"
#include "site/core_settings.h"

namespace colmeia::modules {
namespace {

using http::Status;
using pipeline::Exchange;
using pipeline::Outcome;

bool SendsElsewhere(Status status) {
  return status == Status::kMovedPermanently || status == Status::kFound || status == Status::kSeeOther ||
         status == Status::kTemporaryRedirect || status == Status::kPermanentRedirect;
}

Outcome SendText(Exchange& exchange, Status status, std::string_view text) {
  const auto& core = exchange.settings<site::CoreSettings>();
  pipeline::Response& response = exchange.response;
  response.status = status;
  if (!http::MayHaveBody(status) && !exchange.keep_error_status) return Outcome::Done();  // else it gets another one
  const std::string_view type = core.types->ForPath(exchange.request.path);
  response.content_type = type.empty() ? std::string_view(core.default_type) : type;
  response.body.Add(pipeline::Piece::Memory(text));
  return Outcome::Done();
}

}  // namespace

Outcome Return(const ReturnStep& step, Exchange& exchange) {
  const std::string_view text = step.has_text ? pipeline::Evaluate(step.text, exchange) : std::string_view{};
  // As in nginx the field is there, if there is nothing to say in it.
  if (SendsElsewhere(step.status)) return pipeline::Redirect(exchange, step.status, text);
  if (!step.has_text && http::Code(step.status) >= 400) return pipeline::RespondBare(exchange, step.status);
  return SendText(exchange, step.status, text);
}

}  // namespace colmeia::modules
