// What this process has used: processor time and memory.
#pragma once

#include <cstdint>

#include "sys/unique_fd.h"

namespace colmeia::sys {

struct Usage {
  std::uint64_t cpu_us = 0;     // user and system time of all threads since the process began
  std::uint64_t rss_bytes = 0;  // resident now, shared pages included; 0 where /proc cannot be read
};

// Holds the file that tells of it open, so that it goes on telling where /proc cannot be reached any more.
class UsageMeter {
 public:
  UsageMeter();

  // Two system calls, a few microseconds.
  [[nodiscard]] Usage Read() const;

 private:
  UniqueFd statm_;
};

}  // namespace colmeia::sys
