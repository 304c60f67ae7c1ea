#include "modules/limit_req.h"

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
#include "loop/loop.h"
#include "loop/timer.h"
#include "pipeline/awaiting.h"
#include "pipeline/exchange.h"
#include "pipeline/report.h"
#include "pipeline/services.h"
#include "pipeline/zones.h"
#include "site/limit_zones.h"
#include "util/strings.h"
#include "zone/rate_table.h"

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
using zone::RateTable;

// Longer keys are not counted, as in nginx.
constexpr std::size_t kLongestKey = 65535;
// A delay of so much is none.
constexpr std::uint64_t kUndelayed = UINT64_MAX;

// RateTable, rates, bursts and excesses are in thousandths of a request.
struct Limit {
  std::shared_ptr<const site::LimitZone> zone;
  std::uint64_t burst = 0;
  std::uint64_t undelayed = 0;  // up to this excess nothing waits
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
  std::uint64_t burst = 0;
  std::uint64_t undelayed = 0;
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

// What follows "rate=": in thousandths of a request per second.
std::optional<std::uint64_t> ParseRate(std::string_view text) {
  static constexpr std::uint64_t kMost = 1'000'000'000;
  std::uint64_t seconds = 1;
  if (text.ends_with("r/s") || text.ends_with("r/m")) {
    if (text.ends_with("r/m")) seconds = 60;
    text.remove_suffix(3);
  }
  const auto number = util::ParseNumber<std::uint64_t>(text);
  if (!number || *number == 0 || *number > kMost) return std::nullopt;
  return *number * 1000 / seconds;
}

void AddZone(Draft& draft, const Call& call) {
  site::LimitZoneDraft out;
  out.rate = 1000;
  out.key = {call.arg(0), call.args()[0].span};
  out.span = call.node().span();
  for (const Word& word : call.args().subspan(1)) {
    const std::string_view text = word.text;
    if (text.starts_with("zone=")) {
      const auto zone = site::ReadZoneParameter(call, word);
      if (!zone) return;
      out.zone = *zone;
    } else if (text.starts_with("rate=")) {
      const auto rate = ParseRate(text.substr(std::string_view("rate=").size()));
      if (!rate)
        return call.Error(word,
                          fmt::format("invalid rate {}, expected rate=10r/s or rate=30r/m", config::Quoted(text)));
      out.rate = *rate;
    } else {
      return call.Error(word, fmt::format("invalid parameter {}", config::Quoted(text)));
    }
  }
  if (out.zone.name.empty()) return call.Error("\"limit_req_zone\" must have \"zone\" parameter");
  draft.zones.push_back(std::move(out));
}

// What follows "burst=" or "delay=".
std::optional<std::uint64_t> ReadRequests(const Call& call, const Word& word, std::string_view name) {
  static constexpr std::uint64_t kMost = RateTable::kMostExcess / 1000 - 1;
  const std::string_view text = std::string_view(word.text).substr(name.size() + 1);
  const auto number = util::ParseNumber<std::uint64_t>(text);
  if (!number || *number == 0) {
    call.Error(word, fmt::format("invalid {} value {}", name, config::Quoted(word.text)));
    return std::nullopt;
  }
  if (*number > kMost) call.Warn(word, fmt::format("a {} is {} requests at most", name, kMost));
  return std::min(*number, kMost) * 1000;
}

void AddLimit(Draft& draft, const Call& call) {
  LimitDraft out;
  out.span = call.node().span();
  bool has_zone = false;
  for (const Word& word : call.args()) {
    const std::string_view text = word.text;
    if (text.starts_with("zone=")) {
      out.zone = text.substr(std::string_view("zone=").size());
      has_zone = !out.zone.empty();
    } else if (text.starts_with("burst=")) {
      const auto burst = ReadRequests(call, word, "burst");
      if (!burst) return;
      out.burst = *burst;
    } else if (text.starts_with("delay=")) {
      const auto delay = ReadRequests(call, word, "delay");
      if (!delay) return;
      out.undelayed = *delay;
    } else if (text == "nodelay") {
      out.undelayed = kUndelayed;
    } else {
      return call.Error(word, fmt::format("invalid parameter {}", config::Quoted(text)));
    }
  }
  if (!has_zone) return call.Error("\"limit_req\" must have \"zone\" parameter");
  const bool is_twice = std::any_of(draft.limits.begin(), draft.limits.end(),
                                    [&](const LimitDraft& other) { return other.zone == out.zone; });
  if (is_twice) return call.Duplicate();
  draft.limits.push_back(std::move(out));
}

constexpr In kEverywhere = In::kHttp | In::kServer | In::kLocation;

constexpr Directive kDirectives[] = {
    {.name = "limit_req_zone",
     .contexts = In::kHttp,
     .arity = Args(3),
     .setter = config::Set<&AddZone>,
     .syntax = "key zone=name:size rate=number(r/s | r/m)",
     .default_value = "",
     .doc = "Make a zone of shared memory that keeps how fast requests of each key come, and say how fast they may; a "
            "megabyte has room for 40,000 keys."},
    {.name = "limit_req",
     .contexts = kEverywhere,
     .arity = Args(1, 3),
     .setter = config::Set<&AddLimit>,
     .syntax = "zone=name [burst=number] [nodelay | delay=number]",
     .default_value = "",
     .doc = "Keep requests to a zone's rate: some above it wait, and those above the burst are refused; several zones "
            "may be named, one directive each."},
    {.name = "limit_req_status",
     .contexts = kEverywhere,
     .arity = Args(1),
     .setter = config::SetNumber<&Draft::status, 400, 599>,
     .syntax = "code",
     .default_value = "503",
     .doc = "The status of a request that is refused."},
    {.name = "limit_req_log_level",
     .contexts = kEverywhere,
     .arity = Args(1),
     .setter = config::SetEnum<&Draft::level, site::kLimitLevels>,
     .syntax = "info | notice | warn | error",
     .default_value = "error",
     .doc = "The level at which a refusal is logged; a delay is logged one level below."},
    {.name = "limit_req_dry_run",
     .contexts = kEverywhere,
     .arity = config::Flag,
     .setter = config::SetFlag<&Draft::dry_run>,
     .syntax = "on | off",
     .default_value = "off",
     .doc = "Count and log, and let every request pass at once."},
};

// Merge

Settings Merge(const Settings& outer, const Draft& own, site::MergeContext& context) {
  Settings out = outer;
  site::MakeZones(own.zones, zone::ZoneKind::kRates, context, out.zones);
  if (!own.limits.empty()) out.limits.clear();
  for (const LimitDraft& draft : own.limits) {
    auto zone = site::UseZone(out.zones, draft.zone, zone::ZoneKind::kRates, draft.span, context);
    if (zone != nullptr) out.limits.push_back({std::move(zone), draft.burst, draft.undelayed});
  }
  out.level = own.level.value_or(outer.level);
  if (own.status) out.status = static_cast<Status>(*own.status);
  out.dry_run = own.dry_run.value_or(outer.dry_run);
  return out;
}

// Behaviour

enum class ReqStatus { kNone, kPassed, kDelayed, kRejected, kDelayedDryRun, kRejectedDryRun };

// Of one exchange: requests are counted once, whatever locations they are redirected to.
struct ReqContext {
  ReqStatus status = ReqStatus::kNone;
};

constexpr std::string_view kStatusNames[] = {"",         "PASSED",          "DELAYED",
                                             "REJECTED", "DELAYED_DRY_RUN", "REJECTED_DRY_RUN"};

ZoneInUse& ZoneOf(Exchange& exchange, const Limit& limit) { return exchange.services->zones[limit.zone->ordinal]; }

// What all limits of a place say of a request together.
struct Verdict {
  enum class Kind { kUncounted, kPasses, kExceeds, kFull };
  Kind kind = Kind::kUncounted;
  const Limit* limit = nullptr;  // that refuses it, or that it waits for the longest
  std::uint64_t excess = 0;      // there
  std::uint64_t delay_ms = 0;
};

// The last limit is asked and counted in one step; those before it are asked first, and counted when none refuses.
Verdict Judge(Exchange& exchange, const std::vector<Limit>& limits) {
  const std::uint64_t now = pipeline::MonotonicMs(exchange);
  Verdict verdict;
  struct Asked {
    const Limit* limit;
    std::uint64_t hash;
  };
  void* const room = exchange.arena.Allocate(limits.size() * sizeof(Asked), alignof(Asked));
  Asked* const asked = static_cast<Asked*>(room);
  std::size_t count = 0;
  for (const Limit& limit : limits) {
    ZoneInUse& lent = ZoneOf(exchange, limit);
    const auto hash = pipeline::HashOfKey(exchange, lent, limit.zone->key, kLongestKey);
    if (!hash) continue;
    const RateTable rates(lent.table);
    const bool is_last = &limit == &limits.back();
    const RateTable::Result result =
        is_last ? rates.Take(*hash, limit.zone->rate, limit.burst, {.holder = lent.holder, .now_ms = now})
                : rates.Look(*hash, limit.zone->rate, limit.burst, now);
    verdict.limit = &limit;
    verdict.excess = result.excess;
    if (result.verdict != RateTable::Verdict::kPasses) {
      verdict.kind = result.verdict == RateTable::Verdict::kFull ? Verdict::Kind::kFull : Verdict::Kind::kExceeds;
      return verdict;
    }
    verdict.kind = Verdict::Kind::kPasses;
    if (is_last) {
      verdict.delay_ms = zone::DelayMs(result.excess, limit.undelayed, limit.zone->rate);
    } else {
      new (asked + count++) Asked{&limit, *hash};
    }
  }
  while (count > 0) {
    const auto& [limit_asked, hash] = asked[--count];
    const Limit& limit = *limit_asked;
    ZoneInUse& lent = ZoneOf(exchange, limit);
    const RateTable::Result result =
        RateTable(lent.table).Add(hash, limit.zone->rate, {.holder = lent.holder, .now_ms = now});
    const std::uint64_t delay = zone::DelayMs(result.excess, limit.undelayed, limit.zone->rate);
    if (delay <= verdict.delay_ms) continue;
    verdict.limit = &limit;
    verdict.excess = result.excess;
    verdict.delay_ms = delay;
  }
  return verdict;
}

// One level below that of a refusal.
Level DelayLevel(Level level) {
  return level == Level::kInfo ? level : static_cast<Level>(static_cast<std::uint8_t>(level) + 1);
}

Outcome Reject(Exchange& exchange, const Settings& settings, const Verdict& verdict, ReqContext& context) {
  if (verdict.kind == Verdict::Kind::kFull) {
    pipeline::ReportFull(exchange, ZoneOf(exchange, *verdict.limit), "limit_req_zone", verdict.limit->zone->name);
  } else {
    pipeline::Report(exchange, settings.level, "limiting requests{}, excess: {}.{:03} by zone \"{}\"",
                     settings.dry_run ? ", dry run" : "", verdict.excess / 1000, verdict.excess % 1000,
                     verdict.limit->zone->name);
  }
  context.status = settings.dry_run ? ReqStatus::kRejectedDryRun : ReqStatus::kRejected;
  return settings.dry_run ? Outcome::Pass() : Outcome::Respond(settings.status);
}

// A request that is above the rate, until it is not any more.
class Delay final : public pipeline::Awaiting {
 public:
  Delay(loop::Loop& loop, std::uint64_t delay_ms) : timer_(loop, [this] { Ready(); }) {
    timer_.StartAfter(util::Milliseconds(delay_ms));
  }

  Outcome Resume(Exchange&) override { return Outcome::Pass(); }

 private:
  loop::Timer timer_;
};

Outcome Handle(Exchange& exchange) {
  ReqContext& context = exchange.main().context<ReqContext>();
  if (context.status != ReqStatus::kNone) return Outcome::Pass();
  const Settings& settings = exchange.settings<Settings>();
  const Verdict verdict = Judge(exchange, settings.limits);
  if (verdict.kind == Verdict::Kind::kUncounted) return Outcome::Pass();
  if (verdict.kind != Verdict::Kind::kPasses) return Reject(exchange, settings, verdict, context);
  context.status = ReqStatus::kPassed;
  if (verdict.delay_ms == 0) return Outcome::Pass();
  pipeline::Report(exchange, DelayLevel(settings.level), "delaying request{}, excess: {}.{:03}, by zone \"{}\"",
                   settings.dry_run ? ", dry run" : "", verdict.excess / 1000, verdict.excess % 1000,
                   verdict.limit->zone->name);
  context.status = settings.dry_run ? ReqStatus::kDelayedDryRun : ReqStatus::kDelayed;
  return settings.dry_run ? Outcome::Pass() : exchange.Await<Delay>(*exchange.services->loop, verdict.delay_ms);
}

std::optional<std::string_view> GetStatus(Exchange& exchange, std::string_view) {
  const ReqStatus status = exchange.main().context<ReqContext>().status;
  if (status == ReqStatus::kNone) return std::nullopt;
  return kStatusNames[static_cast<std::size_t>(status)];
}

bool Applies(const site::SettingsSet& settings) { return !settings.Get<Settings>().limits.empty(); }

constexpr site::PhaseHook kPhases[] = {{Phase::kPreaccess, Handle, Applies}};

constexpr site::Variable kVariables[] = {
    {"limit_req_status", false, GetStatus,
     "What limit_req did with the request: PASSED, DELAYED, REJECTED, DELAYED_DRY_RUN or REJECTED_DRY_RUN."}};

}  // namespace

// Export

const site::Module kLimitReq =
    site::DefineModule<Settings, Draft, Merge>("limit_req", kDirectives, {.phases = kPhases, .variables = kVariables});

}  // namespace colmeia::modules
