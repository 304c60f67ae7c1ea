// The trace: the last few thousand things that happened between the master and its children, in a ring of shared memory
// that the master writes and everyone else may read, so that the coordination can be watched and told afterwards.
//
// It is not a log: it has a fixed size, forgets its oldest events, and costs a few hundred nanoseconds an event. No
// reader waits for it: the writer never looks at a reader, and a reader that is overtaken skips what it lost.
//
// 1. One memfd: a header, then a power of two of 256-byte records, then a power of two of bytes. Event n lies at index
//    n modulo the number of records; numbers begin at 1. The bytes of frames follow one another in the last part, round
//    and round, so a frame may be forgotten before its event is.
// 2. The master's mapping is the only writable one there can be: the memfd is sealed against others where the kernel
//    knows how (F_SEAL_FUTURE_WRITE, Linux 5.1), and readers map it from a descriptor that can only read.
// 3. A record being written has number 0; readers compare the number before and after copying.
//
//   Result<trace::Writer> trace = trace::Writer::Create();                        // master
//   std::uint64_t cause = trace->Record({.kind = EventKind::kSignal, .pid = sender, .text = "HUP"});
//   trace->Record({.kind = EventKind::kSend, .slot = 3, .cause = cause, .text = ipc::Describe(message)}, bytes);
//   Result<trace::Reader> trace = trace::Reader::Open(fd);                        // worker
//   for (const trace::Event& event : trace->Snapshot()) ...
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sys/memfd.h"
#include "sys/unique_fd.h"
#include "trace/event.h"
#include "util/result.h"

namespace colmeia::trace {

// Longer texts are cut, at the start of a UTF-8 character.
inline constexpr std::size_t kMaxText = 171;

inline constexpr std::uint32_t kDefaultCapacity = 4096;             // events; 1 MiB
inline constexpr std::uint32_t kDefaultFrameCapacity = 256 * 1024;  // bytes of frames

// How large the parts of a ring are.
struct Layout {
  std::uint32_t capacity = 0;        // events
  std::uint32_t frame_capacity = 0;  // bytes
};

class Writer {
 public:
  // REQUIRES: `capacity` and `frame_capacity` are powers of two, the latter no less than 8.
  [[nodiscard]] static Result<Writer> Create(std::uint32_t capacity = kDefaultCapacity,
                                             std::uint32_t frame_capacity = kDefaultFrameCapacity);

  Writer(Writer&&) noexcept = default;
  Writer& operator=(Writer&&) noexcept = default;

  // The memfd, to be sent to workers.
  [[nodiscard]] int fd() const { return fd_.get(); }

  // Writes an event and returns its number, to be the cause of others. `frame` is what travelled, for a message; a
  // frame longer than the room for frames is not kept.
  std::uint64_t Record(const Event& event, std::string_view frame = {});

 private:
  Writer(sys::UniqueFd fd, sys::Mapping mapping, Layout layout);
  std::uint64_t WriteFrame(std::string_view frame);

  sys::UniqueFd fd_;
  sys::Mapping mapping_;
  Layout layout_;
  std::uint64_t next_ = 1;
  std::uint64_t frames_end_;  // where the next frame goes, in the endless row of all frames
};

class Reader {
 public:
  // Maps the ring for reading; fails when it has another layout. `fd` is lent, and of no use any more.
  [[nodiscard]] static Result<Reader> Open(int fd);

  Reader(Reader&&) noexcept = default;
  Reader& operator=(Reader&&) noexcept = default;

  // Number of the newest event, 0 when there is none.
  [[nodiscard]] std::uint64_t newest() const;

  // Number of the oldest event that is still there; newest() + 1 when there is none.
  [[nodiscard]] std::uint64_t oldest() const;

  // Whole events still in the ring with numbers above `after`, oldest first, at most `limit`. Those that the writer
  // replaced meanwhile are left out: the numbers tell.
  [[nodiscard]] std::vector<Event> Snapshot(std::uint64_t after = 0, std::size_t limit = SIZE_MAX) const;

  // The bytes of the frame of an event out of a Snapshot; nothing when there are none, or others have taken their
  // place.
  [[nodiscard]] std::optional<std::string> Frame(const Event& event) const;

 private:
  Reader(sys::Mapping mapping, Layout layout);

  sys::Mapping mapping_;
  Layout layout_;
};

}  // namespace colmeia::trace
