// Which system calls a worker may still make: a seccomp(2) filter, given up for good.
//
// A list of what is allowed, not of what is forbidden: what nobody thought of is refused. A refused call fails with
// EPERM; no process dies of it.
#pragma once

#include "util/result.h"

namespace colmeia::sys {

// Whether the running kernel takes such filters.
[[nodiscard]] bool SyscallFilterSupported();

// From here on this thread, and every thread that it starts, may read and write, accept, map memory, wait, and look at
// files; it makes no new sockets, binds and connects none, starts no process, executes no program, traces nobody,
// signals nobody but its own process, and mounts, loads and reboots nothing.
//
// REQUIRES: no_new_privs (SetNoNewPrivileges). Error: the kernel's.
[[nodiscard]] Result<> FilterSyscalls();

// From here on no memory becomes executable: what runs is what was loaded and compiled by now (regular expressions).
//
// REQUIRES: no_new_privs. Error: the kernel's.
[[nodiscard]] Result<> ForbidNewCode();

}  // namespace colmeia::sys
