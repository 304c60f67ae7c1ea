#include "modules/study.h"

#include <unistd.h>

#include <optional>
#include <string>

#include <fmt/format.h>

#include "config/setters.h"
#include "loop/timer.h"
#include "pipeline/awaiting.h"
#include "pipeline/exchange.h"
#include "pipeline/services.h"
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
  util::Milliseconds io_bound{0};   // the same
};

struct PlacedTime {
  util::Milliseconds time;
  config::Span place;
};

struct Draft {
  std::optional<bool> on;
  std::optional<PlacedTime> cpu_bound;
  std::optional<PlacedTime> io_bound;
};

// Directives

constexpr util::Milliseconds kLongest{10 * 60 * 1000};

template <std::optional<PlacedTime> Draft::*member>
void SetTime(Draft& draft, const Call& call) {
  if (draft.*member) return call.Duplicate();
  const auto time = config::ReadTime(call, call.args()[0]);
  if (!time) return;
  if (time->count() == 0 || *time > kLongest) {
    return call.InvalidValue(call.args()[0], "it must be a time from 1ms to 10m");
  }
  draft.*member = PlacedTime{*time, call.args()[0].span};
}

constexpr Directive kDirectives[] = {
    {.name = "study",
     .contexts = In::kMain,
     .arity = config::Flag,
     .setter = config::SetFlag<&Draft::on>,
     .syntax = "on | off",
     .default_value = "off",
     .doc = "Allow the directives that misbehave on purpose, cpu_bound and io_bound: not for a server that others rely "
            "on.",
     .own = true},
    {.name = "cpu_bound",
     .contexts = In::kLocation,
     .arity = Args(1),
     .setter = config::Set<&SetTime<&Draft::cpu_bound>>,
     .syntax = "time",
     .default_value = "",
     .doc = "Answer after computing for so long without a pause: the worker's event loop stands still, and all of its "
            "connections wait. Refused unless study is on.",
     .own = true},
    {.name = "io_bound",
     .contexts = In::kLocation,
     .arity = Args(1),
     .setter = config::Set<&SetTime<&Draft::io_bound>>,
     .syntax = "time",
     .default_value = "",
     .doc = "Answer after waiting for so long, as for a file or another server: the worker's event loop turns on, and "
            "nobody else waits. Refused unless study is on.",
     .own = true},
};

// Merge

Settings Merge(const Settings& outer, const Draft& own, site::MergeContext& context) {
  Settings out;
  out.on = own.on.value_or(outer.on);
  if (own.cpu_bound) {
    out.cpu_bound = own.cpu_bound->time;
    if (!out.on) {
      context.Error(own.cpu_bound->place,
                    "\"cpu_bound\" stops a whole worker on purpose, and is refused unless the main context says "
                    "\"study on;\"");
    }
  }
  if (own.io_bound) {
    out.io_bound = own.io_bound->time;
    if (!out.on) {
      context.Error(own.io_bound->place,
                    "\"io_bound\" keeps clients waiting on purpose, and is refused unless the main context says "
                    "\"study on;\"");
    }
    if (own.cpu_bound) context.Error(own.io_bound->place, "\"cpu_bound\" answers here already");
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

Outcome Answer(Exchange& exchange, const std::string& text) {
  exchange.response.status = http::Status::kOk;
  exchange.response.content_type = "text/plain";
  exchange.response.body.Add(pipeline::Piece::Memory(exchange.arena.Copy(text)));
  return Outcome::Done();
}

Outcome HandleCpuBound(Exchange& exchange) {
  const util::Milliseconds time = exchange.settings<Settings>().cpu_bound;
  const std::uint64_t rounds = Compute(time);
  return Answer(exchange, fmt::format("worker {} computed for {} ms ({} rounds); all of its connections have waited\n",
                                      getpid(), time.count(), rounds));
}

// Waits until the time is over, as a handler would that asks a database: the loop turns, and the timer is all it costs.
class Sleep final : public pipeline::Awaiting {
 public:
  Sleep(loop::Loop& loop, util::Milliseconds time) : timer_(loop, [this] { Ready(); }) { timer_.StartAfter(time); }

  Outcome Resume(Exchange& exchange) override {
    return Answer(exchange, fmt::format("worker {} waited for {} ms; none of its other connections has\n", getpid(),
                                        exchange.settings<Settings>().io_bound.count()));
  }

 private:
  loop::Timer timer_;
};

Outcome HandleIoBound(Exchange& exchange) {
  return exchange.Await<Sleep>(*exchange.services->loop, exchange.settings<Settings>().io_bound);
}

bool IsCpuBound(const site::SettingsSet& settings) { return settings.Get<Settings>().cpu_bound.count() > 0; }
bool IsIoBound(const site::SettingsSet& settings) { return settings.Get<Settings>().io_bound.count() > 0; }

constexpr site::PhaseHook kPhases[] = {{Phase::kContent, HandleCpuBound, IsCpuBound},
                                       {Phase::kContent, HandleIoBound, IsIoBound}};

}  // namespace

// Export

const site::Module kStudy =
    site::DefineModule<Settings, Draft, Merge>("study", kDirectives, {.phases = kPhases}, site::Inherit::kAlways);

}  // namespace colmeia::modules
