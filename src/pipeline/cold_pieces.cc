#include "pipeline/cold_pieces.h"

#include <fcntl.h>

#include <algorithm>

#include "log/error_log.h"
#include "pipeline/report.h"
#include "sys/unique_fd.h"

namespace colmeia::pipeline {

BodySource::Pulled ColdPieces::Next(Piece& out) {
  if (range_ == Range::kReading) return Pulled::kWait;
  if (next_ == pieces_.size()) return Pulled::kLast;  // there are none
  const Piece& piece = pieces_[next_];
  const std::uint64_t left = piece.length - given_;
  const std::uint64_t length = piece.in_memory() ? left : std::min(left, reads_.range);
  const off_t offset = piece.offset + static_cast<off_t>(given_);
  if (!piece.in_memory() && range_ == Range::kUnseen && reads_.look(piece.fd, offset, length) != sys::Pages::kWarm) {
    return Read(piece.fd, offset, length) ? Pulled::kWait : Pulled::kBroken;
  }
  out = piece.in_memory() ? piece : Piece::File(piece.fd, offset, length);
  range_ = Range::kUnseen;
  given_ += length;
  if (given_ == piece.length) {
    given_ = 0;
    ++next_;
  }
  return next_ == pieces_.size() ? Pulled::kLast : Pulled::kMore;
}

bool ColdPieces::Read(int fd, off_t offset, std::uint64_t length) {
  if (reads_.pool == nullptr) {
    Report(reads_.exchange, log::Level::kError, "thread pool \"{}\" not found", reads_.pool_name);
    return false;
  }
  // std::function copies what it keeps.
  const auto own = std::make_shared<const sys::UniqueFd>(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  task_.emplace(
      *reads_.pool, [own, offset, length] { sys::WarmPages(own->get(), offset, length); },
      [this] {
        range_ = Range::kWarm;
        Wake();
      });
  if (task_->active()) {
    range_ = Range::kReading;
    return true;
  }
  Report(reads_.exchange, log::Level::kError, "thread pool \"{}\" queue overflow: {} tasks waiting", reads_.pool_name,
         reads_.pool->waiting());
  return false;
}

void ColdPieces::MoveMemory(const char* from, std::size_t size, const char* to) {
  for (Piece& piece : pieces_) piece.MoveMemory(from, size, to);
}

}  // namespace colmeia::pipeline
