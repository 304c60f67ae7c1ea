// Buffer: one of the blocks of bytes that a worker lends to whichever session it serves at the moment.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace colmeia::session {

// Bytes that grow at the end, in a block that is taken when first used.
class Buffer {
 public:
  explicit Buffer(std::size_t capacity) : capacity_(capacity) {}

  [[nodiscard]] char* end() { return block() + size_; }
  [[nodiscard]] std::size_t room() const { return capacity_ - size_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] std::span<char> bytes() { return {block(), size_}; }
  // Takes the next `size` bytes into use. REQUIRES: size <= room().
  void Extend(std::size_t size) { size_ += size; }
  // Copies them to the end. REQUIRES: bytes.size() <= room().
  std::string_view Append(std::string_view bytes);
  void Clear() { size_ = 0; }
  // Has just these bytes from now on.
  std::span<char> Refill(std::string_view bytes);
  // Room for `size` bytes at least, from now on. REQUIRES: empty.
  void Require(std::size_t size);

 private:
  char* block() {
    if (block_ == nullptr) block_.reset(new char[capacity_]);
    return block_.get();
  }
  std::unique_ptr<char[]> block_;
  std::size_t capacity_;
  std::size_t size_ = 0;
};

}  // namespace colmeia::session
