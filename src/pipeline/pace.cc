#include "pipeline/pace.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "pipeline/evaluate.h"
#include "pipeline/exchange.h"
#include "site/core_settings.h"

namespace colmeia::pipeline {
namespace {

using RealSeconds = std::chrono::duration<double>;

// Up to the next of few lengths, none of which is much longer than what it stands for.
util::Milliseconds RoundedUp(util::Milliseconds pause) {
  const util::Milliseconds unit{pause.count() <= 100 ? 10 : pause.count() <= 500 ? 50 : 250};
  return std::min((pause + unit - util::Milliseconds(1)) / unit * unit, util::Milliseconds(1000));
}

}  // namespace

double Pace::Limited(std::uint64_t sent) const { return sent > after_ ? static_cast<double>(sent - after_) : 0.0; }

util::Milliseconds Pace::Pause(std::uint64_t sent, util::TimePoint now) {
  if (started_ == util::TimePoint{}) started_ = now;
  const RealSeconds early = RealSeconds(Limited(sent) / static_cast<double>(rate_)) - (now - started_);
  // A pause is never longer than a second, however early it is: nothing to be converted is too large.
  const RealSeconds longest(1.0);
  return early <= RealSeconds::zero() ? util::Milliseconds(0)
                                  : RoundedUp(std::chrono::ceil<util::Milliseconds>(std::min(early, longest)));
}

std::uint64_t Pace::Allowance(std::uint64_t sent, util::TimePoint now) const {
  const double earned = static_cast<double>(rate_) * (RealSeconds(now - started_).count() + 1.0);
  const double free = sent < after_ ? static_cast<double>(after_ - sent) : 0.0;
  const double allowed = std::floor(earned - Limited(sent) + free);
  // Larger than any body, and exact as both types.
  constexpr double kMost = 0x1p62;
  return allowed <= 0.0 ? 0 : static_cast<std::uint64_t>(std::min(allowed, kMost));
}

std::uint64_t LimitRate(Exchange& exchange) {
  if (exchange.limit_rate) return *exchange.limit_rate;
  return EvaluateSize(exchange.settings<site::CoreSettings>().limit_rate, exchange);
}

Pace PaceOf(Exchange& exchange) {
  const std::uint64_t rate = LimitRate(exchange);
  if (rate == 0) return {};
  return {rate, EvaluateSize(exchange.settings<site::CoreSettings>().limit_rate_after, exchange)};
}

}  // namespace colmeia::pipeline
