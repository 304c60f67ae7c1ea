// ErrorLog: messages for the operator, in nginx's line format, to one or several files at a level each.
//
//   2026/11/23 11:34:00 [notice] 1234#1234: *7 message
//
// The time is local, the numbers are process and thread, *7 is a connection and absent when it is 0. To the journal of
// systemd (log/journal.h) the time is not told, for it keeps its own, but the level is, in its way: "<5>[notice] ...".
//
// A line is one write(2), so lines of several processes never mix. A process with a loop may have lines collected, and
// written together before the loop sleeps (CollectErrorLines): whole lines in their order, one write for all of a turn;
// crit, alert and emerg do not wait, and a crash loses none. A line longer than kMaxLine bytes is cut. A
// message is one line, whatever it holds: part of it may come from a client (util/escape.h, kLine). A pipe, socket or
// terminal that takes nothing is not waited for, and the line is lost: no process blocks on a log.
//
// It owns no descriptor: reopen a log with sys::Redirect, under the same number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "log/level.h"

namespace colmeia::log {

class ErrorLog {
 public:
  // The newline included; a write to a pipe of at most this many bytes is not torn (PIPE_BUF).
  static constexpr std::size_t kMaxLine = 4096;

  struct Target {
    int fd = 2;                    // lent: stays open while it is a target
    Level level = Level::kNotice;  // this and graver ones are written
  };

  // No target: nothing is written.
  ErrorLog() = default;
  explicit ErrorLog(std::vector<Target> targets);

  void SetTargets(std::vector<Target> targets);
  [[nodiscard]] const std::vector<Target>& targets() const { return targets_; }

  // Some target wants messages of this level.
  [[nodiscard]] bool Enabled(Level level) const { return level <= most_verbose_; }

  // Leaves errno as it was. Trailing newlines of the message are dropped.
  void Write(Level level, std::string_view message, std::uint64_t connection = 0) {
    Write(level, {message}, connection);
  }
  // The same with a message in parts, for those whose lines are many.
  void Write(Level level, std::initializer_list<std::string_view> message, std::uint64_t connection = 0);

  // Formats only when some target wants the line: log.Print(Level::kInfo, "listener: opened name={}", name).
  template <class... Args>
  void Print(Level level, fmt::format_string<Args...> format, Args&&... args) {
    if (Enabled(level)) WriteFormatted(level, 0, format, fmt::make_format_args(args...));
  }
  template <class... Args>
  void PrintFor(std::uint64_t connection, Level level, fmt::format_string<Args...> format, Args&&... args) {
    if (Enabled(level)) WriteFormatted(level, connection, format, fmt::make_format_args(args...));
  }

 private:
  void WriteFormatted(Level level, std::uint64_t connection, fmt::string_view format, fmt::format_args args);

  std::vector<Target> targets_;
  Level most_verbose_{};  // 0: none is written
};

// The error log of this process. Until SetTargets(), descriptor 2 at notice.
[[nodiscard]] ErrorLog& Main();

// From here on the lines of all error logs of this process are collected until FlushErrorLines(), or written at once
// again. For a process of one thread, which does not fork meanwhile.
void CollectErrorLines(bool on);

// Writes what was collected. Costs nothing when there is nothing. Safe in a signal handler.
void FlushErrorLines() noexcept;

}  // namespace colmeia::log
