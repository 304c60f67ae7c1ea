// Body: what follows a response's head: a list of pieces that lie in memory or in a file, or a stream of bytes that are
// still to come. It is pulled: the connection takes pieces when the socket can take them, so nothing is buffered for a
// slow client.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/body_stream.h"

namespace colmeia::pipeline {

// Either bytes in memory (fd < 0) or a range of a file.
struct Piece {
  std::string_view memory;
  int fd = -1;       // lent by the body's owner
  off_t offset = 0;  // within the file
  std::uint64_t length = 0;

  static Piece Memory(std::string_view bytes) { return {bytes, -1, 0, bytes.size()}; }
  static Piece File(int fd, off_t offset, std::uint64_t length) { return {{}, fd, offset, length}; }
  [[nodiscard]] bool in_memory() const { return fd < 0; }
};

class Body {
 public:
  void Add(Piece piece) {
    length_ += piece.length;
    if (piece.length > 0) pieces_.push_back(piece);
  }

  // Keeps what the pieces point into (an open file, a cached file) alive until Clear(). Arena memory needs no owner.
  void Own(std::shared_ptr<const void> owner) { owner_ = std::move(owner); }

  // Instead of pieces. Its length is not known. REQUIRES: empty, and stays so.
  void SetStream(std::unique_ptr<BodyStream> stream) { stream_ = std::move(stream); }
  // Null for a body of pieces.
  [[nodiscard]] BodyStream* stream() const { return stream_.get(); }

  // The bytes [first, first + length) of this body as pieces of their own, appended to `out`. Memory is not copied.
  // REQUIRES: first + length <= this->length().
  void Slice(std::uint64_t first, std::uint64_t length, std::vector<Piece>& out) const;

  // Replaces the pieces and keeps the owner (ranges, multipart).
  void Replace(std::vector<Piece> pieces);

  // Pieces that lie in [from, from + size) now lie at the same distance behind `to` (Exchange::MoveHead).
  void MoveMemory(const char* from, std::size_t size, const char* to);

  void Clear() {
    pieces_.clear();
    owner_.reset();
    stream_.reset();
    length_ = 0;
  }

  [[nodiscard]] const std::vector<Piece>& pieces() const { return pieces_; }
  [[nodiscard]] std::uint64_t length() const { return length_; }
  [[nodiscard]] bool empty() const { return length_ == 0; }

 private:
  std::vector<Piece> pieces_;
  std::shared_ptr<const void> owner_;
  std::unique_ptr<BodyStream> stream_;
  std::uint64_t length_ = 0;
};

}  // namespace colmeia::pipeline
