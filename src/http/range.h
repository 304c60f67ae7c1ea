// Byte ranges of RFC 9110 section 14, with nginx's choices where the RFC leaves one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

namespace colmeia::http {

// Bytes [begin, end) of a representation.
struct ByteRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;

  [[nodiscard]] std::uint64_t size() const { return end - begin; }
  bool operator==(const ByteRange&) const = default;
};

enum class RangeVerdict {
  kWhole,           // send everything with 200: another unit, too many ranges, or together larger than the whole
  kPartial,         // send the ranges with 206
  kNotSatisfiable,  // 416: malformed, or none of them lies within the representation
};

inline constexpr std::size_t kUnlimitedRanges = std::numeric_limits<std::size_t>::max();

// Reads a Range field's value against a representation of `size` bytes. `out` is cleared first and holds the ranges in
// the order of the request for kPartial. `max_ranges` 0 ignores every Range.
[[nodiscard]] RangeVerdict ParseRanges(std::string_view value, std::uint64_t size, std::size_t max_ranges,
                                       std::vector<ByteRange>& out);

}  // namespace colmeia::http
