#include "http/range.h"

#include <algorithm>
#include <optional>

#include "util/strings.h"

namespace colmeia::http {
namespace {

constexpr std::string_view kUnit = "bytes=";

void SkipSpaces(std::string_view& text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
}

// Takes digits off the front; nothing without a digit or when the number leaves 63 bits, the kernel's limit of a file.
std::optional<std::uint64_t> TakeNumber(std::string_view& text) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (text.empty() || !util::IsDigit(text.front())) return std::nullopt;
  std::uint64_t value = 0;
  while (!text.empty() && util::IsDigit(text.front())) {
    const auto digit = static_cast<std::uint64_t>(text.front() - '0');
    if (value > (kMost - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
    text.remove_prefix(1);
  }
  return value;
}

// Takes one range-spec; nothing when it is malformed. An empty result range (begin >= end) lies outside.
std::optional<ByteRange> TakeRange(std::string_view& text, std::uint64_t size) {
  SkipSpaces(text);
  if (text.starts_with('-')) {
    text.remove_prefix(1);
    SkipSpaces(text);
    const std::optional<std::uint64_t> length = TakeNumber(text);
    if (!length) return std::nullopt;
    SkipSpaces(text);
    return ByteRange{size - std::min(*length, size), size};
  }
  const std::optional<std::uint64_t> first = TakeNumber(text);
  if (!first) return std::nullopt;
  SkipSpaces(text);
  if (!text.starts_with('-')) return std::nullopt;
  text.remove_prefix(1);
  SkipSpaces(text);
  if (text.empty() || text.starts_with(',')) return ByteRange{*first, size};
  const std::optional<std::uint64_t> last = TakeNumber(text);
  if (!last) return std::nullopt;
  SkipSpaces(text);
  return ByteRange{*first, *last >= size ? size : *last + 1};
}

}  // namespace

RangeVerdict ParseRanges(std::string_view value, std::uint64_t size, std::size_t max_ranges,
                         std::vector<ByteRange>& out) {
  out.clear();
  if (max_ranges == 0 || !util::StartsWithIgnoreCase(value, kUnit)) return RangeVerdict::kWhole;
  value.remove_prefix(kUnit.size());
  std::uint64_t together = 0;
  while (true) {
    const std::optional<ByteRange> range = TakeRange(value, size);
    if (!range) return RangeVerdict::kNotSatisfiable;
    if (range->begin < range->end) {
      if (out.size() == max_ranges) return RangeVerdict::kWhole;
      out.push_back(*range);
      together += std::min(range->size(), size + 1 - std::min(together, size + 1));
    } else if (range->begin == 0) {
      return RangeVerdict::kWhole;  // of an empty representation, as nginx does
    }
    if (value.empty()) break;
    if (!value.starts_with(',')) return RangeVerdict::kNotSatisfiable;
    value.remove_prefix(1);
  }
  if (out.empty()) return RangeVerdict::kNotSatisfiable;
  if (together > size) return RangeVerdict::kWhole;
  return RangeVerdict::kPartial;
}

}  // namespace colmeia::http
