#include "modules/addition.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/setters.h"
#include "pipeline/child.h"
#include "pipeline/content_coding.h"
#include "pipeline/exchange.h"
#include "pipeline/joined_body.h"
#include "site/media_types.h"

namespace colmeia::modules {
namespace {

using config::Args;
using config::Call;
using config::Directive;
using config::In;
using pipeline::BodySource;
using pipeline::Exchange;
using site::MediaTypes;

struct Settings {
  std::string before;  // a path; empty: nothing
  std::string after;   // the same
  MediaTypes types{};
};

struct Draft {
  std::optional<std::string> before;
  std::optional<std::string> after;
  std::optional<MediaTypes> types;
};

// Directives

void SetTypes(Draft& draft, const Call& call) { MediaTypes::Add(draft.types, call); }

constexpr In kPlaces = In::kHttp | In::kServer | In::kLocation;

constexpr Directive kDirectives[] = {
    {.name = "add_before_body",
     .contexts = kPlaces,
     .arity = Args(1),
     .setter = config::SetString<&Draft::before>,
     .syntax = "uri",
     .default_value = "",
     .doc = "Put what a subrequest of this path answers before the body of responses; an empty string adds nothing "
            "here. The path is taken as it is, without arguments and variables; `internal` locations may answer it."},
    {.name = "add_after_body",
     .contexts = kPlaces,
     .arity = Args(1),
     .setter = config::SetString<&Draft::after>,
     .syntax = "uri",
     .default_value = "",
     .doc = "The same behind the body. Both hold for responses with status 200 to what a client has asked for; a "
            "subrequest that fails adds its error page. What has a content coding already, as by gzip_static, stays "
            "as it is."},
    {.name = "addition_types",
     .contexts = kPlaces,
     .arity = config::AtLeast(1),
     .setter = config::Set<&SetTypes>,
     .syntax = "mime-type ...",
     .default_value = "text/html",
     .doc = "Media types beside text/html of the responses that add_before_body and add_after_body hold for; * stands "
            "for all."},
};

// Merge

Settings Merge(const Settings& outer, const Draft& own, site::MergeContext&) {
  return {.before = own.before.value_or(outer.before),
          .after = own.after.value_or(outer.after),
          .types = own.types.value_or(outer.types)};
}

// Behaviour

// The body between what two children answer.
std::unique_ptr<BodySource> Surround(std::unique_ptr<BodySource> body, Exchange& exchange, const Settings& settings) {
  std::vector<std::unique_ptr<BodySource>> parts;
  const auto add = [&](const std::string& path) {
    if (!path.empty()) parts.push_back(std::make_unique<pipeline::ChildBody>(exchange, path, std::string_view{}));
  };
  add(settings.before);
  parts.push_back(std::move(body));
  add(settings.after);
  return std::make_unique<pipeline::JoinedBody>(std::move(parts));
}

void Filter(Exchange& exchange) {
  pipeline::Response& response = exchange.response;
  const Settings& settings = exchange.settings<Settings>();
  if (response.status != http::Status::kOk || response.content_type.empty()) return;
  if (!settings.types.HasTypeOf(response.content_type)) return;
  // nginx would mix what is coded with what is not, and no client could read either.
  if (!response.fields.Value(http::HeaderId::kContentEncoding).empty()) return;
  pipeline::WeakenValidators(exchange);
  response.body.SetSource(Surround(response.body.TakeSource(), exchange, settings));
}

bool Applies(const site::SettingsSet& settings) {
  return !settings.Get<Settings>().before.empty() || !settings.Get<Settings>().after.empty();
}

}  // namespace

// Export

const site::Module kAddition =
    site::DefineModule<Settings, Draft, Merge>("addition", kDirectives, {.filter = Filter, .filter_applies = Applies});

}  // namespace colmeia::modules
