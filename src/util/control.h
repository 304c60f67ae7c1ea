// Control characters, and a fast search for them in text that has none as a rule.
#pragma once

#include <cstdint>
#include <cstring>

namespace colmeia::util {

[[nodiscard]] constexpr bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// Whether one of the eight bytes at `at` is a control character.
[[nodiscard]] inline bool HasControl(const char* at) {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  constexpr std::uint64_t kTops = kOnes * 0x80;
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  const std::uint64_t below_space = (word - kOnes * 0x20) & ~word;
  const std::uint64_t not_delete = word ^ (kOnes * 0x7f);
  const std::uint64_t is_delete = (not_delete - kOnes) & ~not_delete;
  return ((below_space | is_delete) & kTops) != 0;
}

// The first control character in [at, end), DEL and TAB included, or `end`. Eight bytes a step, the last step
// overlapping.
template <class Char>
[[nodiscard]] inline Char* FindControl(Char* at, Char* end) {
  if (end - at >= 8) {
    while (end - at > 8 && !HasControl(at)) at += 8;
    if (end - at <= 8 && !HasControl(end - 8)) return end;
  }
  while (at < end && !IsControl(*at)) ++at;
  return at;
}

}  // namespace colmeia::util
