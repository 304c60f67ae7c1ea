// BodyStream: a body whose bytes come into being while it is sent, as events do.
//
// It is pulled: whoever sends it asks for more when all that came before is with the kernel. So a slow client costs one
// chunk of memory, and a stream may leave out what that client could not have seen in time. A stream that has nothing
// waits, and wakes its reader when it has.
//
// It knows nothing of chunks and connections: framing is the sender's.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace colmeia::pipeline {

class BodyStream {
 public:
  enum class Pulled : std::uint8_t {
    kMore,    // something was appended; more is asked for once it is sent
    kWait,    // nothing was appended: Wake() will come
    kLast,    // with what was appended, if anything, this is all; nothing is asked for any more
    kBroken,  // what the head has promised cannot be had: the connection is cut, so that the client can tell
  };

  // At any time: the client may go in the middle.
  virtual ~BodyStream() = default;

  // Appends the next bytes to `out`, some ten KiB rather than all there are.
  [[nodiscard]] virtual Pulled Next(std::string& out) = 0;

  // The worker is about to leave, and waits for this to end: what is pulled next should be the last.
  virtual void Drain() = 0;

  // Who is told that waiting has an end. Set before the first Next().
  void SetReader(std::function<void()> on_ready) { on_ready_ = std::move(on_ready); }

 protected:
  // After kWait, from a callback of the loop, never from within Next() or Drain(). May destroy *this: the last
  // statement of its caller.
  void Wake() const {
    const std::function<void()> on_ready = on_ready_;  // outlives this
    on_ready();
  }

 private:
  std::function<void()> on_ready_;
};

}  // namespace colmeia::pipeline
