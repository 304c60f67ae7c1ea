#include "pipeline/body.h"

#include <algorithm>
#include <cstdint>

#include "files/file.h"
#include "pipeline/cold_pieces.h"
#include "util/check.h"

namespace colmeia::pipeline {
namespace {

// Pieces that lie ready, for a filter around them.
class PieceSource final : public BodySource {
 public:
  PieceSource(std::vector<Piece> pieces, std::shared_ptr<const void> owner, std::uint64_t length)
      : pieces_(std::move(pieces)), owner_(std::move(owner)), length_(length) {}

  Pulled Next(Piece& out) override {
    if (next_ < pieces_.size()) out = pieces_[next_++];
    return next_ < pieces_.size() ? Pulled::kMore : Pulled::kLast;
  }
  [[nodiscard]] std::optional<std::uint64_t> length() const override { return length_; }
  void MoveMemory(const char* from, std::size_t size, const char* to) override {
    for (Piece& piece : pieces_) piece.MoveMemory(from, size, to);
  }

 private:
  std::vector<Piece> pieces_;
  std::shared_ptr<const void> owner_;
  std::uint64_t length_;
  std::size_t next_ = 0;
};

}  // namespace

void Piece::MoveMemory(const char* from, std::size_t size, const char* to) {
  const auto begin = reinterpret_cast<std::uintptr_t>(from);
  const auto at = reinterpret_cast<std::uintptr_t>(memory.data());
  if (!in_memory() || at < begin || at - begin + memory.size() > size) return;
  memory = {to + (at - begin), memory.size()};
}

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
  for (Piece& piece : pieces_) piece.MoveMemory(from, size, to);
  if (source_ != nullptr) source_->MoveMemory(from, size, to);
}

void Body::OwnFile(std::shared_ptr<const files::File> file) {
  file_ = file.get();
  owner_ = std::move(file);
}

std::shared_ptr<const files::File> Body::file() const {
  if (file_ == nullptr) return nullptr;
  return {owner_, file_};
}

void Body::Replace(std::vector<Piece> pieces) {
  file_ = nullptr;
  pieces_ = std::move(pieces);
  length_ = 0;
  for (const Piece& piece : pieces_) length_ += piece.length;
}

void Body::Queue(std::initializer_list<Piece> pieces) {
  pieces_.clear();
  for (const Piece& piece : pieces) {
    if (piece.length > 0) pieces_.push_back(piece);
  }
}

std::unique_ptr<BodySource> Body::TakeSource() {
  if (source_ != nullptr) return std::move(source_);
  std::unique_ptr<BodySource> pieces;
  if (reads_ != nullptr) {
    pieces = std::make_unique<ColdPieces>(*reads_, std::move(pieces_), owner_, length_);
  } else {
    pieces = std::make_unique<PieceSource>(std::move(pieces_), owner_, length_);
  }
  DropBytes();
  return pieces;
}

}  // namespace colmeia::pipeline
