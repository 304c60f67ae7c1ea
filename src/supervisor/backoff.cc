#include "supervisor/backoff.h"

#include <algorithm>

namespace colmeia::supervisor {
namespace {

constexpr util::Milliseconds kMinute{60'000};

}  // namespace

void Backoff::DiedStarting(util::TimePoint now) {
  while (!failures_.empty() && failures_.front() + kMinute <= now) failures_.pop_front();
  failures_.push_back(now);
  util::Milliseconds delay = kFirstDelay;
  for (int i = 0; i < failures_in_a_row_ && delay < kLongestDelay; ++i) delay *= 2;
  ++failures_in_a_row_;
  next_start_ = now + std::min(delay, kLongestDelay);
  if (failures_.size() > kStartsPerMinute) failures_.pop_front();
  if (failures_.size() == kStartsPerMinute) next_start_ = std::max(next_start_, failures_.front() + kMinute);
}

void Backoff::DiedReady(util::TimePoint now) {
  Refill(now);
  if (tokens_ > 0) {
    --tokens_;
    next_start_ = now;
    return;
  }
  // The next token is taken in advance.
  refilled_ += kRefill;
  next_start_ = refilled_;
}

void Backoff::Refill(util::TimePoint now) {
  while (tokens_ < kBucket && refilled_ + kRefill <= now) {
    ++tokens_;
    refilled_ += kRefill;
  }
  if (tokens_ == kBucket) refilled_ = now;  // a full bucket saves nothing up
}

}  // namespace colmeia::supervisor
