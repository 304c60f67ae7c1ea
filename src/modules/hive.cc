#include "modules/hive.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "config/setters.h"
#include "modules/hive_assets.h"
#include "modules/hive_events.h"
#include "modules/hive_facts.h"
#include "modules/hive_guard.h"
#include "modules/hive_json.h"
#include "modules/hive_metrics.h"
#include "pipeline/error_response.h"
#include "pipeline/exchange.h"
#include "pipeline/report.h"
#include "pipeline/services.h"
#include "site/site.h"
#include "util/strings.h"

namespace colmeia::modules {
namespace {

using config::Args;
using config::Call;
using config::Directive;
using config::In;
using http::HeaderId;
using http::Status;
using pipeline::Exchange;
using pipeline::Outcome;
using site::LocationKind;
using site::MergeContext;
using site::Phase;

enum class View {
  kNothing,     // not here
  kWhole,       // the page, and below it everything that it needs
  kJson,        // the state
  kPrometheus,  // the same as metrics
  kEvents,      // the same as events, with the trace
};

struct Settings {
  View view = View::kNothing;
};

struct Draft {
  std::optional<View> view;
  config::Span span{};
};

// Directives

struct ViewName {
  std::string_view name;
  View view;
};
constexpr ViewName kViews[] = {{"json", View::kJson}, {"prometheus", View::kPrometheus}, {"events", View::kEvents}};

View FindView(std::string_view name) {
  const auto* const found =
      std::find_if(std::begin(kViews), std::end(kViews), [name](const ViewName& row) { return row.name == name; });
  return found == std::end(kViews) ? View::kNothing : found->view;
}

void SetView(Draft& draft, const Call& call) {
  if (draft.view) return call.Duplicate();
  draft.span = call.node().name().span;
  draft.view = call.args().empty() ? View::kWhole : FindView(call.arg(0));
  if (draft.view == View::kNothing) call.InvalidValue(call.args()[0], "expected json, prometheus or events");
}

constexpr Directive kDirectives[] = {
    {.name = "hive",
     .contexts = In::kLocation,
     .arity = Args(0, 1),
     .setter = config::Set<&SetView>,
     .syntax = "[json | prometheus | events]",
     .default_value = "",
     .doc = "Show master and workers at work: as a page with all that it needs, or one view of them alone, as JSON, as "
            "metrics for Prometheus or as server-sent events. Without allow only this machine is answered, by its own "
            "names.",
     .own = true},
};

// Merge

Settings Merge(const Settings&, const Draft& own, MergeContext& context) {
  const View view = own.view.value_or(View::kNothing);
  const LocationKind kind = context.block() == In::kLocation ? context.location_kind() : LocationKind::kServer;
  const bool has_room =
      (kind == LocationKind::kPrefix || kind == LocationKind::kPrefixFinal) && context.location_name().ends_with('/');
  if (view == View::kWhole && !has_room) {
    context.Error(
        own.span,
        "\"hive\" serves a page and what it needs below it, so its location has to be a prefix that ends in a "
        "slash, as in \"location /hive/ { hive; }\"; \"hive json\" and its like may stand anywhere");
  }
  return {.view = view};
}

// Behaviour

struct Type {
  std::string_view suffix;
  std::string_view type;
};
constexpr Type kTypes[] = {{".html", "text/html; charset=utf-8"},
                           {".js", "text/javascript; charset=utf-8"},
                           {".css", "text/css; charset=utf-8"},
                           {".svg", "image/svg+xml"}};

Outcome ServeText(Exchange& exchange, std::string_view type, std::string_view text) {
  exchange.response.content_type = type;
  exchange.response.body.Add(pipeline::Piece::Memory(exchange.arena.Copy(text)));
  return Outcome::Done();
}

// Where a reader goes on: what its browser has seen, or what it asks for itself.
std::uint64_t ReadAfter(const Exchange& exchange) {
  static constexpr std::string_view kAfter = "after=";
  if (const http::Field* const last = exchange.request.fields.Find("Last-Event-ID")) {
    if (const auto number = util::ParseNumber<std::uint64_t>(last->value)) return *number;
  }
  std::string_view args = exchange.request.args;
  while (!args.empty()) {
    const std::string_view one = args.substr(0, args.find('&'));
    args.remove_prefix(std::min(one.size() + 1, args.size()));
    if (one.starts_with(kAfter)) return util::ParseNumber<std::uint64_t>(one.substr(kAfter.size())).value_or(0);
  }
  return 0;
}

Outcome ServeView(Exchange& exchange, View view) {
  pipeline::Response& response = exchange.response;
  response.fields.Set(HeaderId::kCacheControl, "no-store");
  switch (view) {
    case View::kJson:
      return ServeText(exchange, "application/json", HiveJson(LookAtHive(*exchange.services)));
    case View::kPrometheus:
      return ServeText(exchange, "text/plain; version=0.0.4; charset=utf-8",
                       HiveMetrics(LookAtHive(*exchange.services)));
    case View::kEvents:
      response.content_type = "text/event-stream";
      response.fields.Add("X-Accel-Buffering", "no");  // to an nginx before us: pass events on as they come
      response.body.SetSource(std::make_unique<HiveEvents>(*exchange.services, ReadAfter(exchange)));
      return Outcome::Done();
    case View::kNothing:
    case View::kWhole:
      break;
  }
  return Outcome::Respond(Status::kNotFound);
}

Outcome ServeAsset(Exchange& exchange, std::string_view name) {
  const std::span<const HiveAsset> assets = HiveAssets();
  const auto asset =
      std::find_if(assets.begin(), assets.end(), [name](const HiveAsset& one) { return one.name == name; });
  if (asset == assets.end()) return Outcome::Respond(Status::kNotFound);
  pipeline::Response& response = exchange.response;
  for (const Type& row : kTypes) {
    if (name.ends_with(row.suffix)) response.content_type = row.type;
  }
  response.etag = asset->etag;
  response.fields.Set(HeaderId::kCacheControl, "no-cache");
  response.fields.Add("Content-Security-Policy", "default-src 'self'");
  response.fields.Add("X-Content-Type-Options", "nosniff");
  response.body.Add(pipeline::Piece::Memory(asset->bytes));
  return Outcome::Done();
}

Outcome Handle(Exchange& exchange) {
  if (const std::string why = WhyHidden(exchange); !why.empty()) {
    pipeline::WriteReport(exchange, log::Level::kError, "access forbidden: " + why);
    return Outcome::Respond(Status::kForbidden);
  }
  if (!http::IsGetOrHead(exchange.request.method)) return pipeline::RefuseMethod(exchange, "GET, HEAD");
  exchange.response.status = Status::kOk;
  const View view = exchange.settings<Settings>().view;
  if (view != View::kWhole) return ServeView(exchange, view);
  const std::string_view path = exchange.request.path;
  const std::string_view name = path.substr(std::min(path.size(), exchange.location->name.size()));
  if (name.empty()) return ServeAsset(exchange, "index.html");
  if (const View part = FindView(name); part != View::kNothing) return ServeView(exchange, part);
  return ServeAsset(exchange, name);
}

bool Applies(const site::SettingsSet& settings) { return settings.Get<Settings>().view != View::kNothing; }

bool IsWhole(const site::SettingsSet& settings) { return settings.Get<Settings>().view == View::kWhole; }

constexpr site::PhaseHook kPhases[] = {{Phase::kContent, Handle, Applies}};

}  // namespace

// Export

const site::Module kHive = site::DefineModule<Settings, Draft, Merge>(
    "hive", kDirectives, {.phases = kPhases, .slash = {pipeline::RedirectToSlash, IsWhole}}, site::Inherit::kNothing);

}  // namespace colmeia::modules
