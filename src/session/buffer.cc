#include "session/buffer.h"

#include <cstring>

#include "util/check.h"

namespace colmeia::session {

std::string_view Buffer::Append(std::string_view bytes) {
  CHECK(bytes.size() <= room());
  char* const at = end();
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  size_ += bytes.size();
  return {at, bytes.size()};
}

std::span<char> Buffer::Refill(std::string_view content) {
  Clear();
  Require(content.size());
  Append(content);
  return bytes();
}

void Buffer::Require(std::size_t size) {
  CHECK(size_ == 0);
  if (size <= capacity_) return;
  block_.reset();
  capacity_ = size;
}

}  // namespace colmeia::session
