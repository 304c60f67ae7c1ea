// The trace: the last few thousand things that happened between the master and its children, in a ring of shared memory
// that the master writes and everyone else may read, so that the coordination can be watched and told afterwards.
//
// It is not a log: it has a fixed size, forgets its oldest events, and costs a few hundred nanoseconds an event. Nobody
// waits for it: the writer never looks at a reader, and a reader that is overtaken skips what it lost.
//
// 1. One memfd: a header, then a power of two of 128-byte records. Event n lies at index n modulo that; numbers begin
// at 1.
// 2. The master's mapping is the only writable one there can be: the memfd is sealed against others where the kernel
// can
//    (F_SEAL_FUTURE_WRITE, Linux 5.1).
// 3. A record being written has number 0; readers compare the number before and after copying.
//
//   Result<trace::Writer> trace = trace::Writer::Create();                        // master
//   std::uint64_t cause = trace->Record({.kind = Kind::kSignal, .pid = sender, .text = "HUP"});
//   trace->Record({.kind = Kind::kSend, .slot = 3, .cause = cause, .text = ipc::Describe(message)});
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
#include "util/result.h"

namespace colmeia::trace {

// What kind of thing happened. Numbers are part of the layout: append only.
enum class Kind : std::uint16_t {
  kSpawn = 1,        // a child was started
  kExit = 2,         // a child ended and was reaped
  kSend = 3,         // a message left the master
  kReceive = 4,      // a message reached the master
  kClosed = 5,       // a channel closed
  kSignal = 6,       // the master got a signal
  kKill = 7,         // the master sent a signal
  kState = 8,        // a slot changed its state
  kServer = 9,       // the server changed its state
  kGeneration = 10,  // a generation began, became current or was given up
  kCommand = 11,     // someone asked for something (-s, the control socket)
  kReply = 12,       // and was answered
  kListener = 13,    // a listening socket was opened, lent or closed
  kLog = 14,         // a log file was opened or reopened
  kDeadline = 15,    // a time set by the master came
  kHeartbeat = 16,   // a worker's heartbeat was missed or came back
};
[[nodiscard]] std::string_view KindName(Kind kind);  // "spawn"; "?" when unknown
[[nodiscard]] std::optional<Kind> ParseKind(std::string_view name);

inline constexpr std::uint32_t kNoSlot = 0xffffffff;
inline constexpr std::size_t kMaxText = 71;

struct Event {
  Kind kind{};
  std::uint32_t slot = kNoSlot;
  std::uint32_t generation = 0;      // 0 = none
  std::int32_t pid = 0;              // of the process it is about; 0 = none
  std::uint16_t message_type = 0;    // ipc::MessageType; 0 = none
  std::uint32_t frame_sequence = 0;  // of the message in its channel
  std::uint32_t size = 0;            // of the frame, in bytes
  std::uint64_t cause = 0;           // number of the event that led to this one; 0 = none known
  std::string text{};                // cut to kMaxText bytes, at the start of a UTF-8 character

  // Filled in by Record().
  std::uint64_t sequence = 0;      // from 1, without gaps
  std::uint64_t monotonic_ns = 0;  // CLOCK_MONOTONIC
  std::uint64_t wall_ns = 0;       // CLOCK_REALTIME

  bool operator==(const Event&) const = default;
};

inline constexpr std::uint32_t kDefaultCapacity = 4096;  // events; 512 KiB

class Writer {
 public:
  // REQUIRES: `capacity` is a power of two.
  [[nodiscard]] static Result<Writer> Create(std::uint32_t capacity = kDefaultCapacity);

  Writer(Writer&&) noexcept = default;
  Writer& operator=(Writer&&) noexcept = default;

  // The memfd, to be sent to workers.
  [[nodiscard]] int fd() const { return fd_.get(); }

  // Writes an event and returns its number, to be the cause of others.
  std::uint64_t Record(const Event& event);

 private:
  Writer(sys::UniqueFd fd, sys::Mapping mapping, std::uint32_t capacity);

  sys::UniqueFd fd_;
  sys::Mapping mapping_;
  std::uint32_t capacity_;
  std::uint64_t next_ = 1;
};

class Reader {
 public:
  // Maps the ring for reading; fails when it has another layout. `fd` is lent.
  [[nodiscard]] static Result<Reader> Open(int fd);

  Reader(Reader&&) noexcept = default;
  Reader& operator=(Reader&&) noexcept = default;

  // Number of the newest event, 0 when there is none.
  [[nodiscard]] std::uint64_t newest() const;

  // Whole events still in the ring with numbers above `after`, oldest first. Those that the writer replaced meanwhile
  // are left out.
  [[nodiscard]] std::vector<Event> Snapshot(std::uint64_t after = 0) const;

 private:
  Reader(sys::Mapping mapping, std::uint32_t capacity);

  sys::Mapping mapping_;
  std::uint32_t capacity_;
};

}  // namespace colmeia::trace
