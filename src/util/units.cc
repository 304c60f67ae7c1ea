#include "util/units.h"

#include <limits>

#include "util/strings.h"

namespace colmeia::util {

namespace {

constexpr std::uint64_t kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

struct SizeUnit {
  char letter;
  unsigned shift;
};
constexpr SizeUnit kSizeUnits[] = {{'k', 10}, {'m', 20}, {'g', 30}};

// From the largest to the smallest: the order in which the parts of a time may stand.
struct TimeUnit {
  std::string_view name;
  std::uint64_t ms;
};
constexpr std::uint64_t kSecond = 1000;
constexpr std::uint64_t kDay = 24 * 60 * 60 * kSecond;
constexpr TimeUnit kTimeUnits[] = {
    {"y", 365 * kDay},        {"M", 30 * kDay},    {"w", 7 * kDay}, {"d", kDay},
    {"h", 60 * 60 * kSecond}, {"m", 60 * kSecond}, {"s", kSecond},  {"ms", 1},
};

// The unit's place in kTimeUnits, or its size when there is none of that name. No letters mean seconds.
std::size_t FindTimeUnit(std::string_view name) {
  if (name.empty()) name = "s";
  std::size_t index = 0;
  while (index < std::size(kTimeUnits) && kTimeUnits[index].name != name) ++index;
  return index;
}

// The leading characters for which `keep` holds, taken off `text`.
template <class Keep>
std::string_view TakeWhile(std::string_view& text, Keep keep) {
  std::size_t size = 0;
  while (size < text.size() && keep(text[size])) ++size;
  const std::string_view taken = text.substr(0, size);
  text.remove_prefix(size);
  return taken;
}

std::optional<std::uint64_t> ParseMilliseconds(std::string_view text, std::uint64_t most) {
  if (text.empty()) return std::nullopt;
  std::uint64_t total = 0;
  std::size_t next_unit = 0;  // parts must descend: only units from here on are allowed
  while (!text.empty()) {
    const auto number = ParseNumber<std::uint64_t>(TakeWhile(text, IsDigit));
    const std::string_view name = TakeWhile(text, IsAlpha);
    TakeWhile(text, [](char c) { return c == ' '; });
    const std::size_t unit = FindTimeUnit(name);
    if (!number || unit < next_unit || unit == std::size(kTimeUnits)) return std::nullopt;
    if (name.empty() && !text.empty()) return std::nullopt;  // only the last part may go without a unit
    if (*number > (most - total) / kTimeUnits[unit].ms) return std::nullopt;
    total += *number * kTimeUnits[unit].ms;
    next_unit = unit + 1;
  }
  return total;
}

}  // namespace

std::optional<std::uint64_t> ParseSize(std::string_view text) {
  unsigned shift = 0;
  if (!text.empty()) {
    for (const SizeUnit& unit : kSizeUnits) {
      if (ToLower(text.back()) == unit.letter) shift = unit.shift;
    }
  }
  if (shift != 0) text.remove_suffix(1);
  const auto number = ParseNumber<std::uint64_t>(text);
  if (!number || *number > (kMost >> shift)) return std::nullopt;
  return *number << shift;
}

std::optional<Milliseconds> ParseTime(std::string_view text) {
  const auto ms = ParseMilliseconds(text, kMost / 1000);
  if (!ms) return std::nullopt;
  return Milliseconds(static_cast<std::int64_t>(*ms));
}

std::optional<std::chrono::seconds> ParseSeconds(std::string_view text) {
  if (text.find("ms") != std::string_view::npos) return std::nullopt;
  const auto ms = ParseMilliseconds(text, kMost / 1000);
  if (!ms) return std::nullopt;
  return std::chrono::seconds(static_cast<std::int64_t>(*ms / kSecond));
}

}  // namespace colmeia::util
