// Pace: how fast one response may leave (limit_rate, limit_rate_after), whatever carries it.
//
// It is arithmetic: it neither sends nor waits. The first `after` bytes are free, those of the head among them. All
// others are due at `rate` bytes a second, counted from the first write, and may leave at most one second early:
//
//   sent <= after + rate * (seconds since the first write + 1)
//
// nginx has the same sum (ngx_http_write_filter_module), but counts from the beginning of the request, in whole seconds.
//
//   if ((pause = pace.Pause(sent, now)) > 0) wait; else send at most pace.Allowance(sent, now) bytes;
#pragma once

#include <cstdint>

#include "util/clock.h"

namespace colmeia::pipeline {

class Exchange;

class Pace {
 public:
  // No limit.
  Pace() = default;
  // Bytes a second, 0 = no limit; and how many bytes leave before the limit holds.
  Pace(std::uint64_t rate, std::uint64_t after) : rate_(rate), after_(after) {}

  [[nodiscard]] bool limited() const { return rate_ != 0; }

  // How long to wait before the next write, with `sent` bytes sent so far: until they are due. None: write now. It is at
  // most a second, and one of few lengths, because Timeouts keeps a list for each. The first call starts the clock.
  // REQUIRES: limited().
  [[nodiscard]] util::Milliseconds Pause(std::uint64_t sent, util::TimePoint now);

  // How many bytes may leave now. Not 0 when no pause is due. REQUIRES: limited(), and Pause() was asked.
  [[nodiscard]] std::uint64_t Allowance(std::uint64_t sent, util::TimePoint now) const;

 private:
  [[nodiscard]] double Limited(std::uint64_t sent) const;

  std::uint64_t rate_ = 0;
  std::uint64_t after_ = 0;
  util::TimePoint started_{};  // the first write; none before
};

// The rate that holds for this exchange: what $limit_rate was set to, or else the directive's. 0 = no limit.
[[nodiscard]] std::uint64_t LimitRate(Exchange& exchange);

// What holds for the response of this exchange, whose place is known.
[[nodiscard]] Pace PaceOf(Exchange& exchange);

}  // namespace colmeia::pipeline
