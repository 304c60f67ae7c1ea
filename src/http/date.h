// Dates of RFC 9110 section 5.6.7: written as IMF-fixdate, read in all three forms.
#pragma once

#include <array>
#include <cstddef>
#include <ctime>
#include <optional>
#include <span>
#include <string_view>

namespace colmeia::http {

inline constexpr std::size_t kDateSize = 29;  // "Sun, 06 Nov 1994 08:49:37 GMT"

// Writes exactly kDateSize characters and returns a view of them.
std::string_view FormatDate(std::time_t time, std::span<char, kDateSize> out);

// Seconds since 1970; nothing for any other text. Two-digit years (RFC 850) count as 1970 to 2069.
[[nodiscard]] std::optional<std::time_t> ParseDate(std::string_view text);

// The Date field of "now": formats at most once a second.
class DateCache {
 public:
  // Valid until the next call with another second.
  [[nodiscard]] std::string_view At(std::time_t now) {
    if (now != second_) {
      second_ = now;
      FormatDate(now, text_);
    }
    return {text_.data(), text_.size()};
  }

 private:
  std::time_t second_ = -1;
  std::array<char, kDateSize> text_{};
};

}  // namespace colmeia::http
