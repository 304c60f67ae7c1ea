#include "worker/descriptors.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "sys/privileges.h"
#include "sys/unique_fd.h"

namespace colmeia::worker {
namespace {

// The lowest number that is free; UINT64_MAX when none is.
std::uint64_t LowestFree() {
  const auto probe = sys::Duplicate(STDERR_FILENO);
  return probe ? static_cast<std::uint64_t>(probe->get()) : UINT64_MAX;
}

}  // namespace

Descriptors::Descriptors() {
  const std::uint64_t limit = sys::OpenFileLimit();
  const std::uint64_t left = limit - std::min(LowestFree(), limit);
  kept_ = std::min(std::clamp(left / kShare, kLeastKept, kMostKept), left / 2);
  places_ = left - kept_;
  first_kept_ = limit - kept_;
}

bool Descriptors::AreScarce() {
  first_kept_ = sys::OpenFileLimit();  // it may have been changed from outside (prlimit(1))
  first_kept_ -= std::min(first_kept_, kept_);
  return LowestFree() >= first_kept_;
}

}  // namespace colmeia::worker
