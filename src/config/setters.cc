#include "config/setters.h"

#include <charconv>

#include <fmt/format.h>

#include "util/strings.h"
#include "util/units.h"

namespace colmeia::config {

namespace {

// `it must be "a", "b" or "c"`
std::string MustBe(const std::vector<std::string_view>& choices) {
  std::string out = "it must be ";
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) out += i + 1 == choices.size() ? " or " : ", ";
    out += Quoted(choices[i]);
  }
  return out;
}

}  // namespace

std::optional<std::size_t> ReadChoice(const Call& call, const Word& word,
                                      const std::vector<std::string_view>& choices) {
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (util::EqualsIgnoreCase(word.text, choices[i])) return i;
  }
  call.InvalidValue(word, MustBe(choices));
  return std::nullopt;
}

std::optional<bool> ReadFlag(const Call& call, const Word& word) {
  const auto index = ReadChoice(call, word, {"on", "off"});
  if (!index) return std::nullopt;
  return *index == 0;
}

std::optional<std::uint64_t> ReadSize(const Call& call, const Word& word, std::uint64_t least, std::uint64_t most) {
  const auto size = util::ParseSize(word.text);
  if (!size) {
    call.InvalidValue(word, "it must be a size, as in 512, 8k, 1m or 1g");
    return std::nullopt;
  }
  if (*size < least || *size > most) {
    call.InvalidValue(word, fmt::format("it must be between {} and {} bytes", least, most));
    return std::nullopt;
  }
  return size;
}

std::optional<util::Milliseconds> ReadTime(const Call& call, const Word& word) {
  const auto time = util::ParseTime(word.text);
  if (!time) call.InvalidValue(word, "it must be a time, as in 30, 500ms, 30s or 1h30m");
  return time;
}

std::optional<std::int64_t> ReadNumber(const Call& call, const Word& word, std::int64_t least, std::int64_t most) {
  std::int64_t value = 0;
  const char* const end = word.text.data() + word.text.size();
  const auto [stop, error] = std::from_chars(word.text.data(), end, value);
  const bool is_number = error == std::errc{} && stop == end;
  if (is_number && value >= least && value <= most) return value;
  const bool bounded_above = most < std::numeric_limits<std::int64_t>::max();
  call.InvalidValue(word, bounded_above ? fmt::format("it must be a number from {} to {}", least, most)
                                        : fmt::format("it must be a number, at least {}", least));
  return std::nullopt;
}

}  // namespace colmeia::config
