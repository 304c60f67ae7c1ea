// BodySource: a body whose bytes are made while it is sent: events as they happen, or another source's bytes in a
// content coding.
//
// It is pulled: whoever sends it asks for more when all that came before is with the kernel. So a slow client costs one
// piece of memory, and a source may leave out what that client could not have seen in time. A source that has nothing
// waits, and wakes its reader when it has.
//
// A body filter is a source around a source (pipeline/body_filter.h). A body that lies ready in memory and files needs
// none: see Body::Add.
//
// It knows nothing of chunks and connections: framing is the sender's.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "pipeline/piece.h"

namespace colmeia::pipeline {

class BodySource {
 public:
  enum class Pulled : std::uint8_t {
    kMore,    // `out` is next, and may be empty; more is asked for once it is sent
    kWait,    // `out` is empty: the reader will be woken
    kLast,    // with `out`, which may be empty, this is all; nothing is asked for any more
    kBroken,  // what the head has promised cannot be had, and the log says why: the connection is cut, so that the
              // client can tell. It stays so.
  };

  BodySource() = default;
  BodySource(const BodySource&) = delete;
  BodySource& operator=(const BodySource&) = delete;
  // At any time: the client may go in the middle.
  virtual ~BodySource() = default;

  // The next bytes. They stay where they are until the next call: some ten KiB of memory rather than all there are, and
  // about as much work. REQUIRES: `out` is empty.
  [[nodiscard]] virtual Pulled Next(Piece& out) = 0;

  // How many bytes come in all, if that is known before they are.
  [[nodiscard]] virtual std::optional<std::uint64_t> length() const { return std::nullopt; }

  // It tells of what is going on now: what waits in the kernel for a slow client grows old.
  [[nodiscard]] virtual bool live() const { return false; }

  // The worker is about to leave, and waits for this to end: what is pulled next should be the last, if the source has
  // no end of its own.
  virtual void Drain() {}

  // Who is told that waiting has an end. Set before the first Next(). A reader that ends before its source takes itself
  // back: SetReader(nullptr).
  virtual void SetReader(std::function<void()> on_ready) { on_ready_ = std::move(on_ready); }

  // Bytes of the request's head have moved (Exchange::MoveHead).
  virtual void MoveMemory(const char* /*from*/, std::size_t /*size*/, const char* /*to*/) {}

 protected:
  // After kWait, from a callback of the loop, never from within Next() or Drain(). May destroy *this: the last
  // statement of its caller.
  void Wake() const {
    const std::function<void()> on_ready = on_ready_;  // outlives this
    if (on_ready) on_ready();
  }

 private:
  std::function<void()> on_ready_;
};

// A live source that writes text.
class TextSource : public BodySource {
 public:
  [[nodiscard]] Pulled Next(Piece& out) final;
  [[nodiscard]] bool live() const final { return true; }

 protected:
  // As Next(), into a string that is empty.
  [[nodiscard]] virtual Pulled Write(std::string& out) = 0;

 private:
  std::string text_;
};

}  // namespace colmeia::pipeline
