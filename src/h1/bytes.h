// Classes of bytes in HTTP/1 heads, and a fast search for control characters.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "util/strings.h"

namespace colmeia::h1 {

enum ByteClass : std::uint8_t {
  kNotToken = 0,
  kPlainToken = 1,  // letters, digits and "-": what nginx wants in a field's name
  kUnderscore = 2,
  kOddToken = 4,  // the other characters of a token (RFC 9110 section 5.6.2)
};

constexpr std::array<std::uint8_t, 256> MakeByteClasses() {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t c = 0; c < table.size(); ++c) {
    const char letter = static_cast<char>(c);
    if (util::IsAlpha(letter) || util::IsDigit(letter) || letter == '-') table[c] = kPlainToken;
  }
  for (const char c : std::string_view("!#$%&'*+.^`|~")) table[static_cast<unsigned char>(c)] = kOddToken;
  table[static_cast<unsigned char>('_')] = kUnderscore;
  return table;
}

inline constexpr std::array<std::uint8_t, 256> kByteClasses = MakeByteClasses();

[[nodiscard]] constexpr std::uint8_t ClassOf(char c) { return kByteClasses[static_cast<unsigned char>(c)]; }
[[nodiscard]] constexpr bool IsTokenChar(char c) { return ClassOf(c) != kNotToken; }
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
[[nodiscard]] inline char* FindControl(char* at, char* end) {
  if (end - at >= 8) {
    while (end - at > 8 && !HasControl(at)) at += 8;
    if (end - at <= 8 && !HasControl(end - 8)) return end;
  }
  while (at < end && !IsControl(*at)) ++at;
  return at;
}

}  // namespace colmeia::h1
