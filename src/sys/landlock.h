// Landlock: rights to files that a process gives up for good, itself and whatever it starts, without being root.
//
// It decides about opening, making and removing by path. Descriptors that are open already, among them those that come
// over a Unix socket, go on working; so do stat(2) and access(2). landlock(7).
#pragma once

#include <string>
#include <vector>

#include "util/result.h"

namespace colmeia::sys {

// The version of Landlock that the running kernel speaks; 0: it has none, or it is switched off. Each version can
// forbid more (5.13: 1, 5.19: 2, 6.2: 3, 6.7: 4, 6.10: 5, 6.12: 6).
[[nodiscard]] int LandlockVersion();

struct FileRights {
  bool read_anywhere = true;           // where the user may
  std::vector<std::string> readable;   // without `read_anywhere`: files and folders, with all below them
  std::vector<std::string> core_dump;  // folders in which regular files may be made and written
  std::vector<std::string> temporary;  // the same, and read and removed; and folders may be made
};

// From here on this thread, and every thread and process that it starts, opens nothing for writing, makes, removes,
// renames and executes nothing, binds and connects no TCP port, and signals no process outside: as far as the kernel's
// version knows how to forbid it, which without Landlock is nothing at all. Paths that do not exist are passed over:
// nothing can be read there.
//
// REQUIRES: no_new_privs (SetNoNewPrivileges). Error: the kernel's.
[[nodiscard]] Result<> RestrictFiles(const FileRights& rights);

}  // namespace colmeia::sys
