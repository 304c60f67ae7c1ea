// ColdPieces: pieces that lie in files, for where `aio threads` is on: what would have to be read from the disk is read
// into the kernel's memory by a thread, while the loop turns. Then it is sent as ever, by sendfile(2).
//
// Each range is looked at before it is given out. One that lies in memory costs two system calls more; for a cold one
// the source waits. Destroying the source does not wait for the thread, which has a descriptor of its own.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "loop/thread_pool.h"
#include "pipeline/body_source.h"
#include "sys/page_cache.h"

namespace colmeia::pipeline {

class Exchange;

// The threads that read for a body.
struct ColdReads {
  Exchange& exchange;                // that has the body, for the log
  loop::ThreadPool* pool = nullptr;  // outlives the body; null: there is none of that name
  std::string_view pool_name;
  std::uint64_t range = 0;  // bytes that are read at a time
  sys::Pages (*look)(int fd, off_t offset, std::uint64_t length) = sys::LookAtPages;
};

class ColdPieces final : public BodySource {
 public:
  // `owner` keeps what the pieces point into. `length` is theirs together.
  ColdPieces(const ColdReads& reads, std::vector<Piece> pieces, std::shared_ptr<const void> owner, std::uint64_t length)
      : reads_(reads), pieces_(std::move(pieces)), owner_(std::move(owner)), length_(length) {}

  [[nodiscard]] Pulled Next(Piece& out) override;
  [[nodiscard]] std::optional<std::uint64_t> length() const override { return length_; }
  void MoveMemory(const char* from, std::size_t size, const char* to) override;

 private:
  // What is known of the next range.
  enum class Range : std::uint8_t {
    kUnseen,
    kReading,  // by a thread
    kWarm,
  };

  [[nodiscard]] bool Read(int fd, off_t offset, std::uint64_t length);

  ColdReads reads_;
  std::vector<Piece> pieces_;
  std::shared_ptr<const void> owner_;
  std::uint64_t length_;
  std::size_t next_ = 0;     // of pieces_
  std::uint64_t given_ = 0;  // bytes of it
  Range range_ = Range::kUnseen;
  std::optional<loop::PoolTask> task_;
};

}  // namespace colmeia::pipeline
