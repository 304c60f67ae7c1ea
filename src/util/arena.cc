#include "util/arena.h"

#include <algorithm>

namespace colmeia::util {

char* Arena::AllocateBlock(std::size_t size) {
  const std::size_t wanted = std::max(size, blocks_.empty() ? kFirstBlock : blocks_.back().size * 2);
  blocks_.push_back(Block{std::unique_ptr<char[]>(new char[wanted]), wanted});
  UseLast();
  used_ = size;
  return block_;
}

void Arena::UseLast() {
  block_ = blocks_.empty() ? nullptr : blocks_.back().bytes.get();
  size_ = blocks_.empty() ? 0 : blocks_.back().size;
}

std::string_view Arena::Copy(std::string_view text) {
  char* const out = Allocate(text.size());
  Append(out, text);
  return {out, text.size()};
}

void Arena::Reset() {
  used_ = 0;
  if (size_ <= kFirstBlock) return;  // there is one block at most, since the next ones are larger
  blocks_.resize(blocks_.front().size > kFirstBlock ? 0 : 1);
  UseLast();
}

std::size_t Arena::capacity() const {
  std::size_t sum = 0;
  for (const Block& block : blocks_) sum += block.size;
  return sum;
}

}  // namespace colmeia::util
