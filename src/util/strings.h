// Small text helpers that the standard library lacks in C++20.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace colmeia::util {

// ASCII only: the C locale's functions would depend on the environment.
[[nodiscard]] constexpr char ToLower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
[[nodiscard]] constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// The value of a hexadecimal digit, or -1.
[[nodiscard]] constexpr int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  const char lower = ToLower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// As ==, and without a call for texts of at most 32 bytes.
[[nodiscard]] inline bool Same(std::string_view a, std::string_view b) {
  const std::size_t size = a.size();
  if (size != b.size()) return false;
  // Two looks that overlap cover everything between half of a look and the whole of two.
  const auto ends_agree = [&](auto look) {
    constexpr std::size_t kLook = sizeof(look);
    return std::memcmp(a.data(), b.data(), kLook) == 0 &&
           std::memcmp(a.data() + size - kLook, b.data() + size - kLook, kLook) == 0;
  };
  if (size > 32) return std::memcmp(a.data(), b.data(), size) == 0;
  if (size >= 16) return ends_agree(std::array<char, 16>{});
  if (size >= 8) return ends_agree(std::uint64_t{});
  if (size >= 4) return ends_agree(std::uint32_t{});
  for (std::size_t i = 0; i < size; ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}
[[nodiscard]] bool EqualsIgnoreCase(std::string_view a, std::string_view b);
[[nodiscard]] bool StartsWithIgnoreCase(std::string_view text, std::string_view prefix);
[[nodiscard]] std::string Lowercase(std::string_view text);

// Without spaces and tabs at both ends.
[[nodiscard]] std::string_view Trim(std::string_view text);

// The parts between separators, empty ones included. The views point into `text`.
[[nodiscard]] std::vector<std::string_view> Split(std::string_view text, char separator);

// The words of a text, which spaces, tabs and newlines part; no empty ones. The views point into `text`.
[[nodiscard]] std::vector<std::string_view> Words(std::string_view text);

// All of `text` as an unsigned decimal number; nothing on a sign, another character, an empty text or an overflow.
template <class Integer>
[[nodiscard]] std::optional<Integer> ParseNumber(std::string_view text) {
  Integer value{};
  if (text.empty() || !IsDigit(text.front())) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The member of `known` that a person most likely meant by `word`, or an empty view when none is close. A word of more
// than 64 bytes is close to none.
[[nodiscard]] std::string_view Closest(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace colmeia::util
