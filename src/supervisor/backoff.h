// When the next worker of a seat may be started: at once after an accident, ever later in a crash loop.
//
// Two rules, for two kinds of death:
// 1. Before Ready, the n-th in a row waits 0.1 s * 2^(n-1), at most 10 s, and no minute sees more than 12 of them: a
//    worker that cannot start never becomes a fork storm.
// 2. After Ready, it is replaced at once as long as the seat's bucket holds a token: 10 tokens, refilled one a second.
//
// It starts nothing and keeps no timer: the supervisor asks next_start().
#pragma once

#include <cstddef>
#include <deque>

#include "util/clock.h"

namespace colmeia::supervisor {

class Backoff {
 public:
  static constexpr util::Milliseconds kFirstDelay{100};
  static constexpr util::Milliseconds kLongestDelay{10'000};
  static constexpr std::size_t kStartsPerMinute = 12;
  static constexpr int kBucket = 10;
  static constexpr util::Milliseconds kRefill{1000};

  void DiedStarting(util::TimePoint now);
  void DiedReady(util::TimePoint now);
  void BecameReady() { failures_in_a_row_ = 0; }

  // The next worker may start from here on; TimePoint::min() when nothing ever died.
  [[nodiscard]] util::TimePoint next_start() const { return next_start_; }

 private:
  void Refill(util::TimePoint now);

  util::TimePoint next_start_ = util::TimePoint::min();
  int failures_in_a_row_ = 0;
  std::deque<util::TimePoint> failures_;  // those of the last minute, at most kStartsPerMinute
  int tokens_ = kBucket;
  util::TimePoint refilled_ = util::TimePoint::min();  // the moment up to which tokens were added
};

}  // namespace colmeia::supervisor
