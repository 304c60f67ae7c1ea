// Sampler: which of the clients that are handed to workers the trace tells of: a few a second, with the number of those
// left out. One record for each would leave no room in the ring for anything else.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "util/clock.h"

namespace colmeia::master {

class Sampler {
 public:
  static constexpr util::Milliseconds kEvery{50};

  // A Client message with this number goes to `slot`. How many were left out before it, or nothing: it is left out,
  // too.
  [[nodiscard]] std::optional<std::uint64_t> Sent(std::uint32_t slot, std::uint32_t sequence, util::TimePoint now) {
    if (next_ && now < *next_) {
      ++left_out_;
      return std::nullopt;
    }
    next_ = now + kEvery;
    slot_ = slot;
    sequence_ = sequence;
    return std::exchange(left_out_, 0);
  }

  // Whether the Done that answers this message belongs to the last one that was told.
  [[nodiscard]] bool Answers(std::uint32_t slot, std::uint32_t in_reply_to) const {
    return slot == slot_ && in_reply_to == sequence_;
  }

 private:
  std::optional<util::TimePoint> next_;
  std::uint64_t left_out_ = 0;
  std::uint32_t slot_ = 0;
  std::uint32_t sequence_ = 0;
};

}  // namespace colmeia::master
