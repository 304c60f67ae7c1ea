#include "modules/study.h"

#include <unistd.h>

#include <iterator>
#include <optional>

#include <fmt/format.h>

#include "config/setters.h"
#include "pipeline/exchange.h"
#include "util/clock.h"

namespace colmeia::modules {
namespace {

using config::Args;
using config::Call;
using config::Directive;
using config::In;
using pipeline::Exchange;
using pipeline::Outcome;
using site::Phase;

struct Settings {
  bool on = false;
  util::Milliseconds cpu_bound{0};  // 0: none here
};

struct Draft {
  std::optional<bool> on;
  std::optional<util::Milliseconds> cpu_bound;
  config::Span cpu_bound_place;
};

// Directives

constexpr util::Milliseconds kLongest{10 * 60 * 1000};

void SetCpuBound(Draft& draft, const Call& call) {
  if (draft.cpu_bound) return call.Duplicate();
  const auto time = config::ReadTime(call, call.args()[0]);
  if (!time) return;
  if (time->count() == 0 || *time > kLongest) {
    return call.InvalidValue(call.args()[0], "it must be a time from 1ms to 10m");
  }
  draft.cpu_bound = *time;
  draft.cpu_bound_place = call.args()[0].span;
}

constexpr Directive kDirectives[] = {
    {.name = "study",
     .contexts = In::kMain,
     .arity = config::Flag,
     .setter = config::SetFlag<&Draft::on>,
     .syntax = "on | off",
     .default_value = "off",
     .doc = "Allow the directives that misbehave on purpose, such as cpu_bound: not for a server that others rely on.",
     .own = true},
    {.name = "cpu_bound",
     .contexts = In::kLocation,
     .arity = Args(1),
     .setter = config::Set<&SetCpuBound>,
     .syntax = "time",
     .default_value = "",
     .doc = "Answer after computing for so long without a pause: the worker's event loop stands still, and all of its "
            "connections wait. Refused unless study is on.",
     .own = true},
};

// Merge

Settings Merge(const Settings& outer, const Draft& own, site::MergeContext& context) {
  Settings out;
  out.on = own.on.value_or(outer.on);
  if (own.cpu_bound) {
    out.cpu_bound = *own.cpu_bound;
    if (!out.on) {
      context.Error(own.cpu_bound_place,
                    "\"cpu_bound\" stops a whole worker on purpose, and is refused unless the main context says "
                    "\"study on;\"");
    }
  }
  return out;
}

// Behaviour

// Computes until the time is over, as a handler would that resizes a picture or searches a list: the CPU is busy, and
// nothing here waits for anything.
std::uint64_t Compute(util::Milliseconds time) {
  const util::TimePoint end = util::Now() + time;
  std::uint64_t rounds = 0;
  volatile std::uint64_t state = 88172645463325252U;
  while (util::Now() < end) {
    for (int i = 0; i < 1000; ++i) {
      std::uint64_t next = state;
      next ^= next << 13U;
      next ^= next >> 7U;
      next ^= next << 17U;
      state = next;
    }
    rounds += 1000;
  }
  return rounds;
}

Outcome Handle(Exchange& exchange) {
  const util::Milliseconds time = exchange.settings<Settings>().cpu_bound;
  const std::uint64_t rounds = Compute(time);
  fmt::memory_buffer text;
  fmt::format_to(std::back_inserter(text),
                 "worker {} computed for {} ms ({} rounds); all of its connections have waited\n", getpid(),
                 time.count(), rounds);
  exchange.response.status = http::Status::kOk;
  exchange.response.content_type = "text/plain";
  exchange.response.body.Add(pipeline::Piece::Memory(exchange.arena.Copy({text.data(), text.size()})));
  return Outcome::Done();
}

bool Applies(const site::SettingsSet& settings) { return settings.Get<Settings>().cpu_bound.count() > 0; }

constexpr site::PhaseHook kPhases[] = {{Phase::kContent, Handle, Applies}};

}  // namespace

// Export

const site::Module kStudy =
    site::DefineModule<Settings, Draft, Merge>("study", kDirectives, {.phases = kPhases}, site::Inherit::kAlways);

}  // namespace colmeia::modules
