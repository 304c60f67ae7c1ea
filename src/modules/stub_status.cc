#include "modules/stub_status.h"

#include <iterator>

#include <fmt/format.h>

#include "config/setters.h"
#include "pipeline/error_response.h"
#include "pipeline/exchange.h"
#include "pipeline/services.h"
#include "scoreboard/board.h"

namespace colmeia::modules {
namespace {

using config::Args;
using config::Call;
using config::Directive;
using config::In;
using http::Status;
using pipeline::Exchange;
using pipeline::Outcome;
using site::Phase;

struct Settings {
  bool on = false;
};

struct Draft {
  bool on = false;
};

// Directives

void SetOn(Draft& draft, const Call& call) {
  if (draft.on) return call.Duplicate();
  draft.on = true;  // before 1.7.5 nginx wanted an argument, and ignored it
}

constexpr Directive kDirectives[] = {
    {.name = "stub_status",
     .contexts = In::kServer | In::kLocation,
     .arity = Args(0, 1),
     .setter = config::Set<&SetOn>,
     .syntax = "",
     .default_value = "",
     .doc = "Show the numbers of connections and requests of all workers together, in nginx's format."},
};

// Merge

Settings Merge(const Settings&, const Draft& own, site::MergeContext&) { return {.on = own.on}; }

// Behaviour

Outcome Handle(Exchange& exchange) {
  if (!http::IsGetOrHead(exchange.request.method)) return pipeline::RefuseMethod(exchange, "GET, HEAD");
  using scoreboard::Gauge;
  using scoreboard::Total;
  scoreboard::Counts counts;
  if (exchange.services->board != nullptr) counts = exchange.services->board->Sum();
  fmt::memory_buffer text;
  fmt::format_to(std::back_inserter(text),
                 "Active connections: {} \n"
                 "server accepts handled requests\n"
                 " {} {} {} \n"
                 "Reading: {} Writing: {} Waiting: {} \n",
                 counts[Gauge::kConnections], counts[Total::kAccepts], counts[Total::kHandled],
                 counts[Total::kRequests], counts[Gauge::kReading], counts[Gauge::kWriting], counts[Gauge::kWaiting]);
  exchange.response.status = Status::kOk;
  exchange.response.content_type = "text/plain";
  exchange.response.body.Add(pipeline::Piece::Memory(exchange.arena.Copy({text.data(), text.size()})));
  return Outcome::Done();
}

bool Applies(const site::SettingsSet& settings) { return settings.Get<Settings>().on; }

constexpr site::PhaseHook kPhases[] = {{Phase::kContent, Handle, Applies}};

}  // namespace

// Export

const site::Module kStubStatus = site::DefineModule<Settings, Draft, Merge>(
    "stub_status", kDirectives, {.phases = kPhases}, site::Inherit::kNothing);

}  // namespace colmeia::modules
