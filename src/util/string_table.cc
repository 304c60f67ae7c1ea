#include "util/string_table.h"

#include <utility>

#include "util/strings.h"

namespace colmeia::util {

namespace {

bool IsKey(std::string_view key, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (ToLower(text[i]) != key[i]) return false;
  }
  return true;
}

}  // namespace

// FNV-1a in 64 bits, of which the upper half is the best mixed.
std::uint32_t StringTable::Hash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(ToLower(c))) * 0x100000001b3;
  return static_cast<std::uint32_t>(hash >> 32U) ^ static_cast<std::uint32_t>(hash);
}

std::size_t StringTable::Locate(std::uint32_t hash, std::string_view text) const {
  const std::size_t mask = rows_.size() - 1;
  std::size_t at = hash & mask;
  while (true) {
    const Row& row = rows_[at];
    if (row.size == kFree) return at;
    if (row.hash == hash && row.size == text.size() && IsKey({texts_.data() + row.begin, row.size}, text)) return at;
    at = (at + 1) & mask;
  }
}

void StringTable::Grow() {
  std::vector<Row> old = std::exchange(rows_, std::vector<Row>(rows_.empty() ? 8 : rows_.size() * 2));
  for (const Row& row : old) {
    if (row.size != kFree) rows_[Locate(row.hash, {texts_.data() + row.begin, row.size})] = row;
  }
}

bool StringTable::Add(std::string_view key, std::uint32_t value) {
  if (2 * (size_ + 1) > rows_.size()) Grow();
  const std::uint32_t hash = Hash(key);
  Row& row = rows_[Locate(hash, key)];
  if (row.size != kFree) return false;
  row = {hash, static_cast<std::uint32_t>(texts_.size()), static_cast<std::uint32_t>(key.size()), value};
  for (const char c : key) texts_ += ToLower(c);
  ++size_;
  return true;
}

std::optional<std::uint32_t> StringTable::Find(std::string_view text) const {
  if (empty()) return std::nullopt;
  const Row& row = rows_[Locate(Hash(text), text)];
  return row.size == kFree ? std::nullopt : std::optional(row.value);
}

}  // namespace colmeia::util
