// Which system calls a worker may still make: a seccomp(2) filter, given up for good.
//
// A list of what is allowed, not of what is forbidden: what was not thought of is refused. A refused call fails with
// EPERM; no process dies of it.
#pragma once

#include "util/result.h"

namespace colmeia::sys {

// Whether the running kernel takes such filters.
[[nodiscard]] bool SyscallFilterSupported();

// What is not everybody's need.
struct SyscallRights {
  bool reset_connections =
      false;                // SO_LINGER (SetResetOnClose): what a listening socket has of it, connections inherit
  bool make_files = false;  // temporary files: new ones only; folders for them, and their removal
};

// From here on this thread, and every thread that it starts, may read and write, accept, map memory, wait, and look at
// files; it opens none for writing, makes no new sockets, binds and connects none, starts no process, executes no
// program, traces none, signals none but its own process, and mounts, loads and reboots nothing.
//
// Arguments are looked at as well, so that nothing changes for others that have the same open files: sockets get the
// options that a worker sets and no others, are shut down for sending alone, and keep their flags, owners and locks.
// With `make_files` new files may be opened for writing, as O_TMPFILE | O_EXCL or O_CREAT | O_EXCL and both with O_RDWR,
// and no others; where, is for Landlock and their owners to say. (Otherwise open(2) for writing fails with EACCES, FIONBIO and its kin with ENOTTY, calls whose flags lie in memory with
// ENOSYS.)
//
// REQUIRES: no_new_privs (SetNoNewPrivileges). Error: the kernel's.
[[nodiscard]] Result<> FilterSyscalls(const SyscallRights& rights = {});

// From here on no memory becomes executable, and none is shared: what runs is what was loaded and compiled by now
// (regular expressions), and others' memory is what was mapped by now.
//
// REQUIRES: no_new_privs. Error: the kernel's.
[[nodiscard]] Result<> SealMemory();

}  // namespace colmeia::sys
