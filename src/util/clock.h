// Time points and durations used everywhere, and what time it is.
#pragma once

#include <chrono>

namespace colmeia::util {

using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;
using Milliseconds = std::chrono::milliseconds;

// CLOCK_MONOTONIC. What a test has to see at a time of its own takes the time as an argument instead.
[[nodiscard]] inline TimePoint Now() { return std::chrono::steady_clock::now(); }

}  // namespace colmeia::util
