#include "modules/limit_conn.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "config/setters.h"
#include "pipeline/exchange.h"
#include "pipeline/report.h"
#include "pipeline/services.h"
#include "pipeline/zones.h"
#include "site/limit_zones.h"
#include "util/arena.h"
#include "util/strings.h"
#include "zone/count_table.h"

namespace colmeia::modules {
namespace {

using config::Args;
using config::Call;
using config::Directive;
using config::In;
using config::Word;
using http::Status;
using log::Level;
using pipeline::Exchange;
using pipeline::Outcome;
using pipeline::ZoneInUse;
using site::Phase;
using zone::CountTable;

// Longer keys are not counted, as in nginx.
constexpr std::size_t kLongestKey = 255;

struct Limit {
  std::shared_ptr<const site::LimitZone> zone;
  std::uint64_t most = 0;
};

struct Settings {
  site::LimitZones zones;
  std::vector<Limit> limits;
  Level level = Level::kError;
  Status status = Status::kServiceUnavailable;
  bool dry_run = false;
};

struct LimitDraft {
  std::string zone;
  std::uint64_t most = 0;
  config::Span span;
};

struct Draft {
  std::vector<site::LimitZoneDraft> zones;
  std::vector<LimitDraft> limits;
  std::optional<Level> level;
  std::optional<int> status;
  std::optional<bool> dry_run;
};

// Directives

void AddZone(Draft& draft, const Call& call) {
  const Word& word = call.args()[1];
  if (!word.text.starts_with("zone=")) {
    return call.Error(word, fmt::format("invalid parameter {}, expected zone=NAME:SIZE", config::Quoted(word.text)));
  }
  const auto zone = site::ReadZoneParameter(call, word);
  if (!zone) return;
  if (zone->name.empty()) return call.Error("\"limit_conn_zone\" must have \"zone\" parameter");
  draft.zones.push_back({.key = {call.arg(0), call.args()[0].span}, .zone = *zone, .span = call.node().span()});
}

void AddLimit(Draft& draft, const Call& call) {
  const Word& word = call.args()[1];
  const auto number = util::ParseNumber<std::uint64_t>(word.text);
  if (!number || *number == 0) {
    return call.Error(word, fmt::format("invalid number of connections {}", config::Quoted(word.text)));
  }
  if (*number > CountTable::kMostCount) return call.Error(word, "connection limit must be less 65536");
  const bool is_twice = std::any_of(draft.limits.begin(), draft.limits.end(),
                                    [&](const LimitDraft& other) { return other.zone == call.arg(0); });
  if (is_twice) return call.Duplicate();
  draft.limits.push_back({call.arg(0), *number, call.node().span()});
}

constexpr In kEverywhere = In::kHttp | In::kServer | In::kLocation;

constexpr Directive kDirectives[] = {
    {.name = "limit_conn_zone",
     .contexts = In::kHttp,
     .arity = Args(2),
     .setter = config::Set<&AddZone>,
     .syntax = "key zone=name:size",
     .default_value = "",
     .doc = "Make a zone of shared memory that counts the requests of each key that are being served; a megabyte has "
            "room for 40,000 keys."},
    {.name = "limit_conn",
     .contexts = kEverywhere,
     .arity = Args(2),
     .setter = config::Set<&AddLimit>,
     .syntax = "zone number",
     .default_value = "",
     .doc = "Refuse a request when so many of its key are being served already, by all workers together; several zones "
            "may be named, one directive each."},
    {.name = "limit_conn_status",
     .contexts = kEverywhere,
     .arity = Args(1),
     .setter = config::SetNumber<&Draft::status, 400, 599>,
     .syntax = "code",
     .default_value = "503",
     .doc = "The status of a request that is refused."},
    {.name = "limit_conn_log_level",
     .contexts = kEverywhere,
     .arity = Args(1),
     .setter = config::SetEnum<&Draft::level, site::kLimitLevels>,
     .syntax = "info | notice | warn | error",
     .default_value = "error",
     .doc = "The level at which a refusal is logged."},
    {.name = "limit_conn_dry_run",
     .contexts = kEverywhere,
     .arity = config::Flag,
     .setter = config::SetFlag<&Draft::dry_run>,
     .syntax = "on | off",
     .default_value = "off",
     .doc = "Count and log, and let every request pass."},
};

// Merge

Settings Merge(const Settings& outer, const Draft& own, site::MergeContext& context) {
  Settings out = outer;
  site::MakeZones(own.zones, zone::ZoneKind::kCounts, context, out.zones);
  if (!own.limits.empty()) out.limits.clear();
  for (const LimitDraft& draft : own.limits) {
    auto zone = site::UseZone(out.zones, draft.zone, zone::ZoneKind::kCounts, draft.span, context);
    if (zone != nullptr) out.limits.push_back({std::move(zone), draft.most});
  }
  out.level = own.level.value_or(outer.level);
  if (own.status) out.status = static_cast<Status>(*own.status);
  out.dry_run = own.dry_run.value_or(outer.dry_run);
  return out;
}

// Behaviour

enum class ConnStatus { kNone, kPassed, kRejected, kRejectedDryRun };

constexpr std::string_view kStatusNames[] = {"", "PASSED", "REJECTED", "REJECTED_DRY_RUN"};

// What an exchange is counted in, and given back with it: in the location that counted it, whatever locations it is
// redirected to.
//
// A connection is counted once. Of requests that came together (pipelining) those before the last one wait to be sent
// only, and leave their count to it: it is sent behind them.
class ConnContext {
 public:
  ConnContext() = default;
  ~ConnContext() { GiveAll(); }
  ConnContext(const ConnContext&) = delete;
  ConnContext& operator=(const ConnContext&) = delete;

  // `arena` is the exchange's.
  void Add(util::Arena& arena, ZoneInUse& lent, std::size_t index) {
    taken_ = new (arena.Allocate(sizeof(Taken), alignof(Taken))) Taken{&lent, index, taken_};
    lent.latest = this;
  }
  void GiveAll() {
    for (; taken_ != nullptr; taken_ = taken_->next) {
      ZoneInUse& lent = *taken_->lent;
      CountTable(lent.table, lent.share, lent.holder).Give(taken_->index);
      if (lent.latest == this) lent.latest = nullptr;
    }
  }
  // What an earlier request of the same connection is counted in is given back. They are handled one right behind the
  // other, so it was the latest.
  void TakeTurn(const ZoneInUse& lent) const {
    ConnContext* const before = static_cast<ConnContext*>(lent.latest);
    if (before != nullptr && before != this && before->connection == connection) before->GiveAll();
  }

  ConnStatus status = ConnStatus::kNone;
  std::uint64_t connection = 0;

 private:
  struct Taken {
    ZoneInUse* lent;  // of the worker's services
    std::size_t index;
    Taken* next;
  };
  Taken* taken_ = nullptr;  // in the arena, the latest one first
};

Outcome Reject(const Settings& settings, ConnContext& context) {
  context.GiveAll();
  context.status = settings.dry_run ? ConnStatus::kRejectedDryRun : ConnStatus::kRejected;
  return settings.dry_run ? Outcome::Pass() : Outcome::Respond(settings.status);
}

Outcome Handle(Exchange& exchange) {
  ConnContext& context = exchange.main().context<ConnContext>();
  if (context.status != ConnStatus::kNone) return Outcome::Pass();
  context.connection = exchange.connection->number;
  const Settings& settings = exchange.settings<Settings>();
  for (const Limit& limit : settings.limits) {
    ZoneInUse& lent = exchange.services->zones[limit.zone->ordinal];
    const auto hash = pipeline::HashOfKey(exchange, lent, limit.zone->key, kLongestKey);
    if (!hash) continue;
    context.status = ConnStatus::kPassed;
    context.TakeTurn(lent);
    const CountTable counts(lent.table, lent.share, lent.holder);
    const CountTable::Result result = counts.Take(*hash, limit.most, pipeline::MonotonicMs(exchange));
    switch (result.verdict) {
      case CountTable::Verdict::kTaken:
        context.Add(exchange.main().arena, lent, result.index);
        break;
      case CountTable::Verdict::kReached:
        pipeline::Report(exchange, settings.level, "limiting connections{} by zone \"{}\"",
                         settings.dry_run ? ", dry run," : "", limit.zone->name);
        return Reject(settings, context);
      case CountTable::Verdict::kFull:
        pipeline::ReportFull(exchange, lent, "limit_conn_zone", limit.zone->name);
        return Reject(settings, context);
    }
  }
  return Outcome::Pass();
}

std::optional<std::string_view> GetStatus(Exchange& exchange, std::string_view) {
  const ConnStatus status = exchange.main().context<ConnContext>().status;
  if (status == ConnStatus::kNone) return std::nullopt;
  return kStatusNames[static_cast<std::size_t>(status)];
}

bool Applies(const site::SettingsSet& settings) { return !settings.Get<Settings>().limits.empty(); }

constexpr site::PhaseHook kPhases[] = {{Phase::kPreaccess, Handle, Applies}};

constexpr site::Variable kVariables[] = {{"limit_conn_status", false, GetStatus,
                                          "What limit_conn did with the request: PASSED, REJECTED or "
                                          "REJECTED_DRY_RUN."}};

}  // namespace

// Export

const site::Module kLimitConn =
    site::DefineModule<Settings, Draft, Merge>("limit_conn", kDirectives, {.phases = kPhases, .variables = kVariables});

}  // namespace colmeia::modules
