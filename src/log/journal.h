// The journal of systemd as the reader of descriptor 2: whether a descriptor leads there, and how a line tells its
// level.
//
// The journal stamps each line with the time and the process itself, and takes a level in front of it, "<4>" (see
// sd-daemon(3)). It says by JOURNAL_STREAM which stream is its own (systemd.exec(5)).
#pragma once

#include <string>
#include <string_view>

#include "log/level.h"

namespace colmeia::log {

// Whether the descriptor is the stream that `stream` names, "device:inode".
[[nodiscard]] bool IsStream(int fd, std::string_view stream);

// The same for what JOURNAL_STREAM named when this was first called.
[[nodiscard]] bool IsJournal(int fd);

// The digit of syslog(3). Emerg is told as alert: what syslog means by it, an unusable machine, interrupts every
// terminal.
[[nodiscard]] char JournalDigit(Level level);

// `text` with "<N>" before each of its lines.
[[nodiscard]] std::string ForJournal(Level level, std::string_view text);

}  // namespace colmeia::log
