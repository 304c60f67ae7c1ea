#include "pipeline/coded_body.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "log/error_log.h"
#include "pipeline/report.h"
#include "sys/io.h"

namespace colmeia::pipeline {
namespace {

// Less than this is not worth a packet, unless there will be no more.
constexpr std::size_t kLeastOutput = 4096;

}  // namespace

CodedBody::CodedBody(std::unique_ptr<BodySource> inner, Exchange& exchange, MakeCoder make_coder, std::string_view name,
                     std::size_t room, OnDone on_done)
    : inner_(std::move(inner)),
      make_coder_(std::move(make_coder)),
      exchange_(exchange),
      name_(name),
      room_(room),
      on_done_(on_done) {}

void CodedBody::Begin() {
  output_ = std::make_unique_for_overwrite<char[]>(room_);
  coder_ = make_coder_();
  if (coder_ != nullptr) return;
  Report(exchange_, log::Level::kAlert, "{} failed: no memory", name_);
  inner_state_ = Inner::kBroken;
}

BodySource::Pulled CodedBody::Next(Piece& out) {
  if (output_ == nullptr) Begin();
  if (std::exchange(given_, false)) filled_ = 0;
  for (std::size_t coded = 0; coded < kInput;) {
    if (inner_state_ != Inner::kBroken && !syncing_ && input_.length == 0) Fill();
    if (inner_state_ == Inner::kBroken) return Break();
    const coding::Flush flush = WhatToFlush();
    if (flush == coding::Flush::kNo && input_.length == 0) {
      if (inner_state_ == Inner::kWaits) return Pulled::kWait;
      break;  // the inner source lets others have their turn
    }
    const coding::Step step = coder_->Run(input_.memory, {output_.get() + filled_, room_ - filled_}, flush);
    input_ = Piece::Memory(input_.memory.substr(step.consumed));
    filled_ += step.produced;
    coded += step.consumed;
    total_in_ += step.consumed;
    total_out_ += step.produced;
    if (step.failed) {
      Report(exchange_, log::Level::kAlert, "{} failed after {} bytes of the response", name_, total_in_);
      return Break();
    }
    unflushed_ = !step.done;
    syncing_ = flush == coding::Flush::kSync && !step.done;
    if (step.done && flush == coding::Flush::kFinish) {
      if (on_done_ != nullptr) on_done_(exchange_, total_in_, total_out_);
      coder_.reset();  // most of the memory
      return Give(out, Pulled::kLast);
    }
    if (filled_ == room_ || (step.done && flush == coding::Flush::kSync)) return Give(out, Pulled::kMore);
  }
  return filled_ >= kLeastOutput ? Give(out, Pulled::kMore) : Pulled::kMore;
}

coding::Flush CodedBody::WhatToFlush() const {
  if (inner_state_ == Inner::kEnded && file_.length == 0) return coding::Flush::kFinish;
  const bool waits = inner_state_ == Inner::kWaits && input_.length == 0 && unflushed_;
  return waits || syncing_ ? coding::Flush::kSync : coding::Flush::kNo;
}

BodySource::Pulled CodedBody::Give(Piece& out, Pulled pulled) {
  out = Piece::Memory({output_.get(), filled_});
  given_ = true;
  return pulled;
}

// More input, in memory, unless there is none at the moment.
void CodedBody::Fill() {
  while (input_.length == 0) {
    if (file_.length > 0) {
      ReadFile();
      continue;
    }
    if (inner_state_ == Inner::kEnded || inner_state_ == Inner::kBroken) return;
    Piece piece;
    switch (inner_->Next(piece)) {
      case Pulled::kMore:
        inner_state_ = Inner::kOpen;
        break;
      case Pulled::kWait:
        inner_state_ = Inner::kWaits;
        return;
      case Pulled::kLast:
        inner_state_ = Inner::kEnded;
        break;
      case Pulled::kBroken:
        inner_state_ = Inner::kBroken;
        return;
    }
    (piece.in_memory() ? input_ : file_) = piece;
    if (piece.length == 0 && inner_state_ == Inner::kOpen) return;  // it wants others to have their turn
  }
}

void CodedBody::ReadFile() {
  if (block_ == nullptr) block_ = std::make_unique_for_overwrite<char[]>(kBlock);
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(kBlock, file_.length));
  const sys::IoResult read = sys::ReadFileAt(file_.fd, file_.offset, block_.get(), wanted);
  if (read.status == sys::IoStatus::kError) {
    Report(exchange_, log::Level::kAlert, "pread() failed ({}: {}) while coding the response", read.code,
           std::strerror(read.code));
  } else if (read.bytes < wanted) {
    Report(exchange_, log::Level::kAlert, "file became shorter while it was sent");
  }
  if (read.bytes < wanted) {
    inner_state_ = Inner::kBroken;
    file_ = {};
    return;
  }
  file_.offset += static_cast<off_t>(wanted);
  file_.length -= wanted;
  input_ = Piece::Memory({block_.get(), wanted});
}

BodySource::Pulled CodedBody::Break() {
  inner_state_ = Inner::kBroken;
  coder_.reset();
  return Pulled::kBroken;
}

void CodedBody::MoveMemory(const char* from, std::size_t size, const char* to) {
  input_.MoveMemory(from, size, to);
  inner_->MoveMemory(from, size, to);
}

}  // namespace colmeia::pipeline
