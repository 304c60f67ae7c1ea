// The signals that the master understands, as one table: what each asks for, what the log says of it, and the `-s` verb
// of the command line that sends it.
//
// The command line, the master's signal descriptor and the supervisor all read this table, so they cannot disagree.
// It sends and receives nothing itself.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace colmeia::supervisor {

// What the sender of a signal wants. These are nginx's, but for the last two.
enum class Wish {
  kStop,     // leave now
  kQuit,     // finish what is open, then leave
  kReload,   // a new generation from the configuration file
  kReopen,   // open the log files anew
  kUpgrade,  // a new binary beside the old one
  kRetire,   // workers finish and leave, the master keeps the listeners
  kMore,     // one worker more
  kFewer,    // one worker less
};

struct SignalRow {
  int number;
  std::string_view name;  // "SIGTERM"
  std::string_view verb;  // of `-s`; empty where there is none
  Wish wish;
  std::string_view action;   // ends the log line "signal 15 (SIGTERM) received from 456, exiting"
  std::string_view meaning;  // one sentence for the manual
  bool processes_only;       // terminals and the kernel send it for reasons of their own: such ones do not count
};

// In the order of the manual.
[[nodiscard]] std::span<const SignalRow> SignalTable();

// The row of a signal number, or of a `-s` verb; nullptr when there is none.
[[nodiscard]] const SignalRow* FindSignal(int number);
[[nodiscard]] const SignalRow* FindVerb(std::string_view verb);

// The first row of a wish: each has one.
[[nodiscard]] const SignalRow& RowOf(Wish wish);

// "signal 9 (SIGKILL)", "signal 99" for a number without a name. Any signal, not only those of the table.
[[nodiscard]] std::string DescribeSignal(int number);

// "exited with code 1", "was killed by signal 9 (SIGKILL)". `signal` is 0 for a process that exited by itself.
[[nodiscard]] std::string DescribeExit(int code, int signal);

}  // namespace colmeia::supervisor
