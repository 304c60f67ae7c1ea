#include "util/arena.h"

#include <algorithm>

namespace colmeia::util {

char* Arena::Allocate(std::size_t size, std::size_t align) {
  std::size_t start = (used_ + align - 1) & ~(align - 1);
  if (blocks_.empty() || start + size > blocks_.back().size) {
    // A new block starts aligned for every fundamental type.
    const std::size_t wanted = std::max(size, blocks_.empty() ? kFirstBlock : blocks_.back().size * 2);
    blocks_.push_back(Block{std::unique_ptr<char[]>(new char[wanted]), wanted});
    start = 0;
  }
  used_ = start + size;
  return blocks_.back().bytes.get() + start;
}

std::string_view Arena::Copy(std::string_view text) {
  char* const out = Allocate(text.size());
  Append(out, text);
  return {out, text.size()};
}

void Arena::Reset() {
  if (blocks_.size() > 1) blocks_.resize(1);
  if (!blocks_.empty() && blocks_.front().size > kFirstBlock) blocks_.clear();
  used_ = 0;
}

std::size_t Arena::capacity() const {
  std::size_t sum = 0;
  for (const Block& block : blocks_) sum += block.size;
  return sum;
}

}  // namespace colmeia::util
