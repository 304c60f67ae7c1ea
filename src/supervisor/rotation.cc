#include "supervisor/rotation.h"

#include <algorithm>
#include <utility>

#include "util/check.h"

namespace colmeia::supervisor {

std::optional<std::uint32_t> Rotation::old() const {
  return state_ == State::kIdle ? std::nullopt : std::optional(old_);
}

std::optional<std::uint32_t> Rotation::relief() const {
  return state_ == State::kStarting ? std::optional(relief_) : std::nullopt;
}

void Rotation::Add(Job job) {
  if (old() == job.slot) return;
  const auto same =
      std::find_if(waiting_.begin(), waiting_.end(), [&](const Job& waiting) { return waiting.slot == job.slot; });
  if (same == waiting_.end()) {
    waiting_.push_back(std::move(job));
  } else if (job.reason == Reason::kDrain) {
    *same = std::move(job);
  }
}

void Rotation::Begin(std::uint32_t old, std::uint32_t relief) {
  CHECK(state_ == State::kIdle);
  state_ = State::kStarting;
  old_ = old;
  relief_ = relief;
  std::erase_if(waiting_, [old](const Job& job) { return job.slot == old; });
}

void Rotation::Switched(util::TimePoint now) {
  CHECK(state_ == State::kStarting);
  state_ = State::kLeaving;
  deadline_ = now + kPatience;
}

void Rotation::Finish() {
  state_ = State::kIdle;
  deadline_.reset();
}

}  // namespace colmeia::supervisor
