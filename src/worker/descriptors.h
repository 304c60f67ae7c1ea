// Descriptors: whether this process has nearly as many open as it may have (RLIMIT_NOFILE).
//
// The last few are kept for files, for logs that are opened anew and for what the master sends: a message whose
// descriptor cannot be received is lost with the channel. How few there are left is told by a number alone, because the
// kernel always gives the lowest one that is free: so a plain accept costs a comparison.
#pragma once

#include <cstdint>

namespace colmeia::worker {

class Descriptors {
 public:
  // One in kShare of those that are free when this is made, but not fewer nor more than these; at most half.
  static constexpr std::uint64_t kShare = 4;
  static constexpr std::uint64_t kLeastKept = 12;
  static constexpr std::uint64_t kMostKept = 32;

  // Looks at the limit, and how many are open.
  Descriptors();

  // A descriptor that was just opened is one of those that should have been kept.
  [[nodiscard]] bool IsAmongTheLast(int fd) const { return static_cast<std::uint64_t>(fd) >= first_kept_; }

  // Those that were free at the beginning and are not kept: so many clients can have one each.
  [[nodiscard]] std::uint64_t places() const { return places_; }

  // Whether the next one would be. Looks anew, with some system calls.
  [[nodiscard]] bool AreScarce();

 private:
  std::uint64_t kept_ = 0;
  std::uint64_t places_ = 0;
  std::uint64_t first_kept_ = 0;  // its number, if all below it are open
};

}  // namespace colmeia::worker
