// Classes of bytes in HTTP/1 heads.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "util/strings.h"

namespace colmeia::h1 {

// The end of a line (RFC 9112 section 2.1).
inline constexpr std::string_view kLineEnd = "\r\n";

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

}  // namespace colmeia::h1
