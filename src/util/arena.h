// Arena: memory for one request, given back all at once. After the first requests on a connection it allocates no more.
//
// Not for objects with destructors: it never runs one.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace colmeia::util {

class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  // Uninitialised bytes that stay valid until Reset().
  [[nodiscard]] char* Allocate(std::size_t size, std::size_t align = 1) {
    const std::size_t start = (used_ + align - 1) & ~(align - 1);
    if (start + size > size_) return AllocateBlock(size);
    used_ = start + size;
    return block_ + start;
  }

  // A copy of `text` that stays valid until Reset().
  [[nodiscard]] std::string_view Copy(std::string_view text);

  // All parts joined, valid until Reset().
  template <class... Parts>
  [[nodiscard]] std::string_view Concat(const Parts&... parts) {
    const std::size_t size = (std::size_t{0} + ... + std::string_view(parts).size());
    char* const out = Allocate(size);
    char* at = out;
    ((at = Append(at, std::string_view(parts))), ...);
    return {out, size};
  }

  // Everything handed out becomes invalid. The first block is kept for the next request, larger ones are freed.
  void Reset();

  // Bytes held from the system at the moment, for tests.
  [[nodiscard]] std::size_t capacity() const;

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
  };
  static char* Append(char* at, std::string_view part) {
    if (!part.empty()) std::memcpy(at, part.data(), part.size());
    return at + part.size();
  }

  // In a new block, which starts aligned for every fundamental type.
  char* AllocateBlock(std::size_t size);
  void UseLast();

  static constexpr std::size_t kFirstBlock = 2048;

  std::vector<Block> blocks_;
  char* block_ = nullptr;  // the last one's bytes
  std::size_t size_ = 0;   // and their number
  std::size_t used_ = 0;   // of them
};

}  // namespace colmeia::util
