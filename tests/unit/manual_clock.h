// ManualClock: a time that stands still until a test moves it.
#pragma once

#include "util/clock.h"

namespace colmeia::util {

class ManualClock {
 public:
  [[nodiscard]] TimePoint Now() const { return now_; }
  void Advance(Duration by) { now_ += by; }

 private:
  TimePoint now_ = TimePoint{} + std::chrono::hours(1);  // late enough to look back
};

}  // namespace colmeia::util
