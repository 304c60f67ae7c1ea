// Recycling: which workers have served long enough, or have grown too large (worker_max_requests, worker_max_memory).
//
// A pure decision, made anew at each look and without memory: a worker that is due stays due until it is no longer
// ready. That one worker goes at a time, and only once its replacement is ready, is the supervisor's rule.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "util/clock.h"

namespace colmeia::supervisor {

// A ready worker, and the limits of its generation; a limit of 0 is none.
struct Served {
  std::uint32_t slot = 0;
  pid_t pid = 0;
  std::uint64_t requests = 0;  // of its life, from the scoreboard
  std::uint64_t max_requests = 0;
  std::uint64_t max_memory = 0;
};

// A worker to be replaced. `why` is for the log: "has served 1004 requests (worker_max_requests 1000)".
struct Due {
  std::uint32_t slot = 0;
  std::string why;
};

// How often to look.
inline constexpr util::Milliseconds kRecyclingLook{1000};

// Those that are due, the one that is furthest beyond its limit first. `resident` is asked only where memory is
// limited.
[[nodiscard]] std::vector<Due> FindDue(const std::vector<Served>& workers,
                                       const std::function<std::optional<std::uint64_t>(pid_t)>& resident);

}  // namespace colmeia::supervisor
