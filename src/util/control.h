// Control characters, and a fast search for them in text that has none as a rule.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace colmeia::util {

[[nodiscard]] constexpr bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// Of the eight bytes at `at`: the lowest bit that is set is the top bit of the first control character among them (the
// first byte is the lowest one); 0 when there is none. The bits above it mean nothing.
[[nodiscard]] inline std::uint64_t ControlBits(const char* at) {
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  constexpr std::uint64_t kTops = kOnes * 0x80;
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  const std::uint64_t below_space = (word - kOnes * 0x20) & ~word;
  const std::uint64_t not_delete = word ^ (kOnes * 0x7f);
  const std::uint64_t is_delete = (not_delete - kOnes) & ~not_delete;
  return (below_space | is_delete) & kTops;
}

#if defined(__SSE2__)
// The same of the 16 bytes at `at`, a bit for each, and all of them mean something.
[[nodiscard]] inline unsigned ControlMask(const char* at) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i below_space = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
  const __m128i is_delete = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(below_space, is_delete)));
}
#endif

// The first control character in [at, end), DEL and TAB included, or `end`. Many bytes a step, the last step
// overlapping.
template <class Char>
[[nodiscard]] inline Char* FindControl(Char* at, Char* end) {
#if defined(__SSE2__)
  if (end - at >= 16) {
    for (; end - at >= 16; at += 16) {
      if (const unsigned bits = ControlMask(at); bits != 0) return at + std::countr_zero(bits);
    }
    const unsigned bits = ControlMask(end - 16);
    return bits != 0 ? end - 16 + std::countr_zero(bits) : end;
  }
#endif
  const auto offset = [](std::uint64_t bits) { return std::countr_zero(bits) / 8; };
  if (end - at >= 8) {
    for (; end - at >= 8; at += 8) {
      if (const std::uint64_t bits = ControlBits(at); bits != 0) return at + offset(bits);
    }
    const std::uint64_t bits = ControlBits(end - 8);
    return bits != 0 ? end - 8 + offset(bits) : end;
  }
  while (at < end && !IsControl(*at)) ++at;
  return at;
}

}  // namespace colmeia::util
