#include "modules/conditional.h"

#include <optional>

#include "config/setters.h"
#include "http/conditional.h"
#include "pipeline/exchange.h"

namespace colmeia::modules {
namespace {

using config::Args;
using config::Directive;
using config::In;
using http::IfModifiedSince;
using http::Status;
using pipeline::Exchange;

struct Settings {
  IfModifiedSince if_modified_since = IfModifiedSince::kExact;
};

struct Draft {
  std::optional<IfModifiedSince> if_modified_since;
};

// Directives

constexpr config::EnumValue<IfModifiedSince> kModes[] = {
    {"off", IfModifiedSince::kOff}, {"exact", IfModifiedSince::kExact}, {"before", IfModifiedSince::kBefore}};

constexpr Directive kDirectives[] = {
    {.name = "if_modified_since",
     .contexts = In::kHttp | In::kServer | In::kLocation,
     .arity = Args(1),
     .setter = config::SetEnum<&Draft::if_modified_since, kModes>,
     .syntax = "off | exact | before",
     .default_value = "exact",
     .doc = "When If-Modified-Since says that a client's copy is good: never, at the same date, or at no later one."},
};

// Merge

Settings Merge(const Settings& outer, const Draft& own, site::MergeContext&) {
  return {.if_modified_since = own.if_modified_since.value_or(outer.if_modified_since)};
}

// Behaviour

void Filter(Exchange& exchange) {
  pipeline::Response& response = exchange.response;
  if (response.status != Status::kOk) return;
  if (response.etag.empty() && !response.modified) return;
  const http::Validators validators{.etag = response.etag, .last_modified = response.modified};
  switch (http::EvaluatePreconditions(exchange.request.method, exchange.request.fields, validators,
                                      exchange.settings<Settings>().if_modified_since)) {
    case http::Precondition::kProceed:
      return;
    case http::Precondition::kNotModified:
      response.status = Status::kNotModified;
      response.content_type = {};
      response.fields.Remove(http::HeaderId::kContentEncoding);
      response.accepts_ranges = false;
      response.body.DropBytes();
      return;
    case http::Precondition::kFailed:
      exchange.refusal = Status::kPreconditionFailed;
      return;
  }
}

}  // namespace

// Export

const site::Module kConditional =
    site::DefineModule<Settings, Draft, Merge>("conditional", kDirectives, {.filter = Filter});

}  // namespace colmeia::modules
