#include "pipeline/body.h"

#include <algorithm>
#include <cstdint>

#include "util/check.h"

namespace colmeia::pipeline {

void Body::Slice(std::uint64_t first, std::uint64_t length, std::vector<Piece>& out) const {
  CHECK(first <= length_ && length <= length_ - first);
  for (const Piece& piece : pieces_) {
    if (length == 0) return;
    if (first >= piece.length) {
      first -= piece.length;
      continue;
    }
    const std::uint64_t take = std::min(length, piece.length - first);
    out.push_back(piece.in_memory() ? Piece::Memory(piece.memory.substr(first, take))
                                    : Piece::File(piece.fd, piece.offset + static_cast<off_t>(first), take));
    length -= take;
    first = 0;
  }
}

void Body::MoveMemory(const char* from, std::size_t size, const char* to) {
  const auto begin = reinterpret_cast<std::uintptr_t>(from);
  for (Piece& piece : pieces_) {
    const auto at = reinterpret_cast<std::uintptr_t>(piece.memory.data());
    if (!piece.in_memory() || at < begin || at - begin + piece.memory.size() > size) continue;
    piece.memory = {to + (at - begin), piece.memory.size()};
  }
}

void Body::Replace(std::vector<Piece> pieces) {
  pieces_ = std::move(pieces);
  length_ = 0;
  for (const Piece& piece : pieces_) length_ += piece.length;
}

}  // namespace colmeia::pipeline
