#include "modules/gunzip.h"

#include <cstddef>
#include <optional>

#include "coding/coder.h"
#include "config/setters.h"
#include "pipeline/coded_body.h"
#include "pipeline/content_coding.h"
#include "pipeline/exchange.h"
#include "util/strings.h"

namespace colmeia::modules {
namespace {

using config::Args;
using config::Call;
using config::Directive;
using config::In;
using http::HeaderId;
using pipeline::Exchange;

struct Settings {
  bool on = false;
  std::size_t room = pipeline::kUsualBuffers;  // of the output that waits for a client
};

struct Draft {
  std::optional<bool> on;
  std::optional<std::size_t> room;
};

// Directives

void SetBuffers(Draft& draft, const Call& call) {
  if (draft.room) return call.Duplicate();
  draft.room = pipeline::ReadBuffers(call);
}

constexpr Directive kDirectives[] = {
    {.name = "gunzip",
     .contexts = In::kHttp | In::kServer | In::kLocation,
     .arity = config::Flag,
     .setter = config::SetFlag<&Draft::on>,
     .syntax = "on | off",
     .default_value = "off",
     .doc = "Unpack responses that are gzip for clients that do not take it."},
    {.name = "gunzip_buffers",
     .contexts = In::kHttp | In::kServer | In::kLocation,
     .arity = Args(2),
     .setter = config::Set<&SetBuffers>,
     .syntax = "number size",
     .default_value = "32 4k",
     .doc = "How much may be unpacked before the client takes it: number times size, and 64k at the most."},
};

// Merge

Settings Merge(const Settings& outer, const Draft& own, site::MergeContext&) {
  return {.on = own.on.value_or(outer.on), .room = own.room.value_or(outer.room)};
}

// Behaviour

void Filter(Exchange& exchange) {
  pipeline::Response& response = exchange.response;
  if (!util::EqualsIgnoreCase(response.fields.Value(HeaderId::kContentEncoding), "gzip")) return;
  pipeline::VariesByCoding(exchange);
  if (pipeline::WantsGzip(exchange)) return;
  response.fields.Remove(HeaderId::kContentEncoding);
  pipeline::WeakenValidators(exchange);
  response.body.Wrap<pipeline::CodedBody>(exchange, coding::MakeGzipDecoder, "inflate()",
                                          exchange.settings<Settings>().room);
}

bool Applies(const site::SettingsSet& settings) { return settings.Get<Settings>().on; }

}  // namespace

// Export

const site::Module kGunzip = site::DefineModule<Settings, Draft, Merge>(
    "gunzip", kDirectives, {.filter = Filter, .filter_applies = Applies, .filters_children = true});

}  // namespace colmeia::modules
