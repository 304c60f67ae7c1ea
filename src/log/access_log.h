// AccessLog: lines about requests, collected in memory and written together, in whole lines only.
//
// Flush() just before the loop sleeps. What is written at once depends on what the descriptor is:
// - a regular file (opened with O_APPEND): everything in one write;
// - a pipe (opened for this process alone, and non-blocking, if the lines of a slow reader are to wait) or terminal: at
//   most PIPE_BUF bytes a write, ending at a line's end, so that the lines of several workers on one pipe stay whole;
// - a socket: likewise, without waiting.
//
// A reader that is too slow never blocks the loop: up to kBacklog bytes wait for it, further lines are dropped and
// counted. Writing to a pipe without a reader raises SIGPIPE: the process ignores that signal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "sys/unique_fd.h"

namespace colmeia::log {

class AccessLog {
 public:
  // Bytes that are collected before they are written without being asked, and kept for a reader that is too slow.
  static constexpr std::size_t kBacklog = 64 * 1024;

  explicit AccessLog(sys::UniqueFd fd);
  // Flushes once more.
  ~AccessLog();

  // Takes `line`, which has no newline, and adds one. Copies; allocates nothing once warm.
  void Append(std::string_view line);

  // Writes what was collected, as far as the descriptor takes it. Costs nothing when there is nothing.
  void Flush();

  // What was collected goes to the old file, everything after it to the new one.
  void Replace(sys::UniqueFd fd);

  // Lines lost so far, because the reader was too slow or writing failed.
  [[nodiscard]] std::uint64_t dropped() const;
  // Why the latest of them was: errno, EAGAIN when the reader was too slow; 0 while none was.
  [[nodiscard]] int why_dropped() const;

  // Nothing waits to be written.
  [[nodiscard]] bool empty() const;

 private:
  class Sink;

  std::unique_ptr<Sink> sink_;
};

}  // namespace colmeia::log
