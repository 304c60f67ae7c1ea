// Body: what follows a response's head: a list of pieces that lie ready in memory or in a file, or a source of bytes
// that are still to come. The connection takes pieces when the socket can take them, so nothing is buffered for a slow
// client.
//
// Filters are put around it when the head is known: Wrap(). What nobody wraps stays a list, which costs no call.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "pipeline/body_source.h"
#include "pipeline/piece.h"

namespace colmeia::files {
class File;
}

namespace colmeia::pipeline {

struct ColdReads;

class Body {
 public:
  void Add(Piece piece) {
    file_ = nullptr;
    length_ += piece.length;
    if (piece.length > 0) pieces_.push_back(piece);
  }

  // Keeps what the pieces and the head's validators point into (an open file, a cached file) alive until Clear(), also
  // when the pieces have become a source that is spent: a log line reads validators last. Arena memory needs no owner.
  void Own(std::shared_ptr<const void> owner) { owner_ = std::move(owner); }

  // The same; what was added is this file, all of it.
  void OwnFile(std::shared_ptr<const files::File> file);
  // That file, as long as nobody has changed the body; null for all others.
  [[nodiscard]] std::shared_ptr<const files::File> file() const;

  // These read what of it lies in files, once it has become a source. They outlive this, or its Clear().
  void ReadBy(const ColdReads* reads) { reads_ = reads; }
  // Null: its sender reads the files.
  [[nodiscard]] const ColdReads* reads() const { return reads_; }

  // Instead of pieces. REQUIRES: empty, and nothing is added.
  void SetSource(std::unique_ptr<BodySource> source) { source_ = std::move(source); }
  // Null for a body of pieces.
  [[nodiscard]] BodySource* source() const { return source_.get(); }

  // All of it as a source; empty afterwards, but for the owner.
  [[nodiscard]] std::unique_ptr<BodySource> TakeSource();
  // What lies ready becomes a source, too.
  void MakeSource() {
    if (source_ == nullptr) SetSource(TakeSource());
  }

  // Puts a filter around what is there: Filter(std::unique_ptr<BodySource> inner, args...).
  template <class Filter, class... Args>
  void Wrap(Args&&... args) {
    SetSource(std::make_unique<Filter>(TakeSource(), std::forward<Args>(args)...));
  }

  // By whoever sends a source: what it has pulled last, in its framing. REQUIRES: a source, and what was queued before
  // is sent.
  void Queue(std::initializer_list<Piece> pieces);

  // The bytes [first, first + length) of this body as pieces of their own, appended to `out`. Memory is not copied.
  // REQUIRES: first + length <= this->length().
  void Slice(std::uint64_t first, std::uint64_t length, std::vector<Piece>& out) const;

  // Replaces the pieces and keeps the owner (ranges, multipart).
  void Replace(std::vector<Piece> pieces);

  // Drops what would be sent and keeps the owner (a 304, whose head still tells the validators).
  void DropBytes() {
    pieces_.clear();
    file_ = nullptr;
    source_.reset();
    reads_ = nullptr;
    length_ = 0;
  }

  // Pieces that lie in [from, from + size) now lie at the same distance behind `to` (Exchange::MoveHead).
  void MoveMemory(const char* from, std::size_t size, const char* to);

  void Clear() {
    DropBytes();
    owner_.reset();
  }

  [[nodiscard]] const std::vector<Piece>& pieces() const { return pieces_; }
  // Of a body of pieces.
  [[nodiscard]] std::uint64_t length() const { return length_; }
  // Nothing when only its end will tell.
  [[nodiscard]] std::optional<std::uint64_t> KnownLength() const {
    return source_ == nullptr ? std::optional(length_) : source_->length();
  }
  [[nodiscard]] bool empty() const { return length_ == 0 && source_ == nullptr; }

 private:
  std::vector<Piece> pieces_;
  std::shared_ptr<const void> owner_;
  std::unique_ptr<BodySource> source_;
  const ColdReads* reads_ = nullptr;
  const files::File* file_ = nullptr;  // owner_ is this file, and it is the whole body
  std::uint64_t length_ = 0;
};

}  // namespace colmeia::pipeline
