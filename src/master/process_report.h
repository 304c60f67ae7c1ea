// Postmortem: what /proc tells about a worker that shows no sign of life, before it is killed.
//
// Only files that the kernel answers from its own tables: none of them waits for the process, for its memory or for a
// disk (cmdline, maps and environ would), and of each at most some kilobytes are read. What may not be read, because
// the process is another user's and we lack CAP_SYS_PTRACE, is left out.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace colmeia::master {

inline constexpr const char* kProc = "/proc";

// A debugger holds the process: TracerPid in /proc/PID/status. `proc` is another folder in tests.
[[nodiscard]] bool IsTraced(pid_t pid, const std::string& proc = kProc);

// One line: "state T (stopped), in do_signal_stop, in system call read of descriptor 7 (/mnt/x), 0.42 s of CPU". Says
// so when the process is gone.
[[nodiscard]] std::string DescribeProcess(pid_t pid, const std::string& proc = kProc);

// Resident memory of the process in bytes (/proc/PID/statm); nothing when it is gone.
[[nodiscard]] std::optional<std::uint64_t> ResidentMemory(pid_t pid, const std::string& proc = kProc);

// Processor time that the process has used, in nanoseconds (clock_getcpuclockid(3)); nothing when it is gone.
[[nodiscard]] std::optional<std::uint64_t> ProcessorTime(pid_t pid);

}  // namespace colmeia::master
