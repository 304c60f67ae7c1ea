// The descriptor table of a process as a whole, put in order at its start.
#pragma once

#include <string>
#include <vector>

#include "sys/unique_fd.h"
#include "util/result.h"

namespace colmeia::sys {

// Opens those of 0, 1 and 2 that are closed on /dev/null, before anything else gets their numbers: libuv aborts when it
// closes one of them, and a log line must not end up in a client's socket.
[[nodiscard]] Result<> OpenStdio();

// Every descriptor from `first` on is closed on exec (close_range(2)). They stay open here.
[[nodiscard]] Result<> CloexecFrom(int first);

// The open file of `fresh` takes the place of that of `number`, at once; other holders of the number do not notice.
// 0 to 2 stay open on exec, others are closed. For reopened logs, and for descriptor 2 on the error log.
[[nodiscard]] Result<> Redirect(const UniqueFd& fresh, int number);

// What `fd` leads to, opened once more through /proc: another open file, with flags of its own (open(2)). Not for
// sockets (ENXIO).
[[nodiscard]] Result<UniqueFd> OpenAnew(int fd, int flags);

// From here on all holders of `fd`, which is a regular file, write at its end (O_APPEND). Anything else stays as it is.
void AppendOnly(int fd);

// Numbers of the open descriptors, ascending. For tests and reports.
[[nodiscard]] std::vector<int> OpenDescriptors();

}  // namespace colmeia::sys
