// StringTable: a hash table from texts to numbers, made once and then only looked into. Upper case is the same as lower
// case. Flat, with open addressing: a look-up reads one or two rows and the text that it finds.
//
// Not for keys that a client chooses. What a client looks for may be anything.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace colmeia::util {

class StringTable {
 public:
  // False when the key is there already; then its value stays.
  bool Add(std::string_view key, std::uint32_t value);

  [[nodiscard]] std::optional<std::uint32_t> Find(std::string_view text) const;
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  struct Row {
    std::uint32_t hash = 0;
    std::uint32_t begin = 0;  // of the key, in texts_
    std::uint32_t size = kFree;
    std::uint32_t value = 0;
  };
  static constexpr std::uint32_t kFree = 0xffffffff;

  static std::uint32_t Hash(std::string_view text);
  // The key's row, or the free one where it would be. REQUIRES: there is a free one.
  [[nodiscard]] std::size_t Locate(std::uint32_t hash, std::string_view text) const;
  void Grow();

  std::vector<Row> rows_;  // a power of two of them, at most half are taken
  std::string texts_;      // of all keys, in lower case
  std::size_t size_ = 0;
};

}  // namespace colmeia::util
