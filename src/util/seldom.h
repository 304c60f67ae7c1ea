// Seldom: lets one of many occasions through in a while, and counts the others: for warnings that would be many.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "util/clock.h"

namespace colmeia::util {

class Seldom {
 public:
  explicit Seldom(Duration every) : every_(every) {}

  // `times` more occasions. How many there were since this last gave a number, these included; nothing when that was
  // less than `every` ago.
  [[nodiscard]] std::optional<std::uint64_t> Take(TimePoint now, std::uint64_t times = 1) {
    count_ += times;
    if (last_ && now - *last_ < every_) return std::nullopt;
    last_ = now;
    return std::exchange(count_, 0);
  }

 private:
  Duration every_;
  std::optional<TimePoint> last_;
  std::uint64_t count_ = 0;
};

}  // namespace colmeia::util
