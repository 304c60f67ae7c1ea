#include "modules/return.h"

#include <optional>
#include <string>

#include "config/setters.h"
#include "pipeline/client_body.h"
#include "pipeline/error_response.h"
#include "pipeline/evaluate.h"
#include "pipeline/exchange.h"
#include "site/core_settings.h"
#include "util/strings.h"

namespace colmeia::modules {
namespace {

using config::Args;
using config::Call;
using config::Directive;
using config::In;
using config::Word;
using http::Status;
using pipeline::Exchange;
using pipeline::Outcome;
using site::MergeContext;
using site::Phase;
using site::PlacedText;
using site::Template;

struct Settings {
  std::optional<Status> status;  // empty: nothing is returned here
  bool has_text = false;
  Template text;  // a body, or with a redirecting status where to
};

struct Draft {
  std::optional<Status> status;
  std::optional<PlacedText> text;
};

// Directives

void SetReturn(Draft& draft, const Call& call) {
  if (draft.status) return;  // as in nginx the first one answers, so that no other one is ever reached
  const Word& first = call.args()[0];
  const auto code = util::ParseNumber<unsigned>(first.text);
  if (!code) {
    const std::string_view text = first.text;
    const bool url = text.starts_with("http://") || text.starts_with("https://") || text.starts_with("$scheme");
    if (call.args().size() > 1 || !url) {
      return call.InvalidValue(first, "expected a status code, or a URL that begins with http://, https:// or $scheme");
    }
    draft.status = Status::kFound;
    draft.text = PlacedText{first.text, first.span};
    return;
  }
  if (*code < 200 || *code > 999) return call.InvalidValue(first, "expected a status code from 200 to 999");
  draft.status = static_cast<Status>(*code);
  if (call.args().size() > 1) draft.text = PlacedText{call.arg(1), call.args()[1].span};
}

constexpr Directive kDirectives[] = {
    {.name = "return",
     .contexts = In::kServer | In::kLocation,
     .arity = Args(1, 2),
     .setter = config::Set<&SetReturn>,
     .syntax = "code [text | URL] | URL",
     .default_value = "",
     .doc = "Answer at once: with a status, with a text, or by sending the client elsewhere; 444, 408 and 499 without "
            "a text "
            "close the connection."},
};

// Merge

Settings Merge(const Settings&, const Draft& own, MergeContext& context) {
  Settings out;
  out.status = own.status;
  if (own.text) {
    out.has_text = !own.text->text.empty();  // `return 404 "";` is `return 404;`, as in nginx
    out.text = context.Compile(*own.text);
  }
  return out;
}

// Behaviour

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

Outcome Answer(Exchange& exchange) {
  const Settings& settings = exchange.settings<Settings>();
  const Status status = *settings.status;
  const std::string_view text = settings.has_text ? pipeline::Evaluate(settings.text, exchange) : std::string_view{};
  if (SendsElsewhere(status)) {
    if (text.empty()) return Outcome::Respond(status);
    return pipeline::Redirect(exchange, status, text);
  }
  if (!settings.has_text && http::Code(status) >= 400) return pipeline::RespondBare(exchange, status);
  return SendText(exchange, status, text);
}

// The text, or the log of this place, may name the request's body.
Outcome Handle(Exchange& exchange) { return pipeline::WithBody(exchange, Answer); }

bool Applies(const site::SettingsSet& settings) { return settings.Get<Settings>().status.has_value(); }

constexpr site::PhaseHook kPhases[] = {{Phase::kServerRewrite, Handle, Applies}, {Phase::kRewrite, Handle, Applies}};

}  // namespace

// Export

const site::Module kReturn =
    site::DefineModule<Settings, Draft, Merge>("return", kDirectives, {.phases = kPhases}, site::Inherit::kNothing);

}  // namespace colmeia::modules
