// CodedBody: a body filter, a source around a source: the inner one's bytes in a content coding, or out of it.
//
// It is pulled as every source is, and pulls the inner one: at most kInput bytes at a time are coded before others have
// their turn, and at most one buffer waits for a slow client. What the inner source has said when it waits is flushed,
// so that a client can read it at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "coding/coder.h"
#include "pipeline/body_source.h"

namespace colmeia::pipeline {

class Exchange;

class CodedBody final : public BodySource {
 public:
  // Of the input that is coded for one Next().
  static constexpr std::size_t kInput = 64 * 1024;
  // What is read of a file at a time.
  static constexpr std::size_t kBlock = 32 * 1024;

  // All is done: how much was coded, and what came of it.
  using OnDone = void (*)(Exchange& exchange, std::uint64_t in, std::uint64_t out);

  // Makes the coder when the first byte is asked for, which HEAD never does; null when there is no memory.
  using MakeCoder = std::function<std::unique_ptr<coding::Coder>()>;

  // `exchange` has this as its body: what goes wrong is logged with its particulars, as "`name` failed ...". `room` is
  // the size of the buffer, in bytes. REQUIRES: room > 0.
  CodedBody(std::unique_ptr<BodySource> inner, Exchange& exchange, MakeCoder make_coder, std::string_view name,
            std::size_t room, OnDone on_done = nullptr);

  [[nodiscard]] Pulled Next(Piece& out) override;
  [[nodiscard]] bool live() const override { return inner_->live(); }
  void Drain() override { inner_->Drain(); }
  void SetReader(std::function<void()> on_ready) override { inner_->SetReader(std::move(on_ready)); }
  void MoveMemory(const char* from, std::size_t size, const char* to) override;

 private:
  // What of the inner source is known.
  enum class Inner : std::uint8_t {
    kOpen,    // there may be more
    kWaits,   // there is nothing at the moment
    kEnded,   // all of it is in input_
    kBroken,  // and the log says why
  };

  void Begin();
  void Fill();
  void ReadFile();
  [[nodiscard]] coding::Flush WhatToFlush() const;
  [[nodiscard]] Pulled Give(Piece& out, Pulled pulled);
  [[nodiscard]] Pulled Break();

  std::unique_ptr<BodySource> inner_;
  MakeCoder make_coder_;
  std::unique_ptr<coding::Coder> coder_;
  Exchange& exchange_;     // outlives this
  std::string_view name_;  // of the coder, for the log
  std::size_t room_;
  OnDone on_done_;
  Piece input_;  // not coded yet, in memory
  Piece file_;   // the rest of a file that is read block by block
  std::unique_ptr<char[]> block_;
  std::unique_ptr<char[]> output_;
  std::size_t filled_ = 0;  // of output_
  std::uint64_t total_in_ = 0;
  std::uint64_t total_out_ = 0;
  Inner inner_state_ = Inner::kOpen;
  bool given_ = false;      // what is in output_ is with the reader
  bool syncing_ = false;    // a flush has begun and is not through
  bool unflushed_ = false;  // the coder has bytes that a reader could not have
};

}  // namespace colmeia::pipeline
