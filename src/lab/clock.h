// The clock that exhibits measure with.
#pragma once

#include <chrono>

namespace colmeia::lab {

using Clock = std::chrono::steady_clock;

// A length of time as columns hold it (Unit::kNanoseconds).
[[nodiscard]] inline double Nanoseconds(Clock::duration time) {
  return static_cast<double>(std::chrono::nanoseconds(time).count());
}

}  // namespace colmeia::lab
