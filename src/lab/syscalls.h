// Counting system calls by watching a process from outside, as strace does (ptrace(2)). No right is needed but to trace
// one's own child, which some containers refuse.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "util/result.h"

namespace colmeia::lab {

// How many system calls `body` makes, in a process of its own and in every process and thread that it starts. `body`
// must end by itself within `limit`.
[[nodiscard]] Result<std::uint64_t> CountSystemCalls(const std::function<void()>& body,
                                                     std::chrono::milliseconds limit);

// System calls that one more round costs: `rounds(n)` is counted for two different n, so that what opening and closing
// cost drops out. NaN when nothing can be counted here.
[[nodiscard]] double SystemCallsPerRound(const std::function<void(int)>& rounds, int few, int many);

}  // namespace colmeia::lab
