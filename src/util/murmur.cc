#include "util/murmur.h"

namespace colmeia::util {

std::uint32_t MurmurHash2(std::string_view text) {
  constexpr std::uint32_t kFactor = 0x5bd1e995;
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  auto hash = static_cast<std::uint32_t>(text.size());
  while (text.size() >= 4) {
    std::uint32_t word = byte(0) | byte(1) << 8U | byte(2) << 16U | byte(3) << 24U;
    word *= kFactor;
    word ^= word >> 24U;
    word *= kFactor;
    hash = hash * kFactor ^ word;
    text.remove_prefix(4);
  }
  if (!text.empty()) {
    for (std::size_t i = text.size(); i > 0; --i) hash ^= byte(i - 1) << (8U * (i - 1));
    hash *= kFactor;
  }
  hash ^= hash >> 13U;
  hash *= kFactor;
  return hash ^ hash >> 15U;
}

}  // namespace colmeia::util
