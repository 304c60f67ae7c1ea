// Giving up power, one system call each, and each read back from the kernel before it counts as done.
//
// The order is the caller's (process/become.h).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "util/result.h"

namespace colmeia::sys {

// setgroups(2): exactly these supplementary groups.
[[nodiscard]] Result<> SetGroups(const std::vector<gid_t>& groups);
// setresgid(2), setresuid(2): real, effective and saved alike, so that there is no way back.
[[nodiscard]] Result<> SetGid(gid_t gid);
[[nodiscard]] Result<> SetUid(uid_t uid);

// capset(2): no capability is left, ambient ones included, and none comes back by an exec.
[[nodiscard]] Result<> DropCapabilities();

// setpriority(2) of this process: -20 to 19.
[[nodiscard]] Result<> SetNice(int nice);
// RLIMIT_NOFILE, soft and hard.
[[nodiscard]] Result<> SetOpenFileLimit(std::uint64_t limit);
[[nodiscard]] std::uint64_t OpenFileLimit();
// sched_setaffinity(2) of this thread.
[[nodiscard]] Result<> SetAffinity(const std::vector<unsigned>& cpus);

// PR_SET_DUMPABLE: a change of uid clears it, and with it core dumps and /proc/self's owner.
[[nodiscard]] Result<> SetDumpable();
// PR_SET_NO_NEW_PRIVS: no set-uid program gives power back.
[[nodiscard]] Result<> SetNoNewPrivileges();
// PR_SET_PDEATHSIG: `signal` comes when the parent dies. A change of uid clears it, so it is set last; the caller then
// compares getppid(), as the parent may have died just before.
[[nodiscard]] Result<> SetParentDeathSignal(int signal);

[[nodiscard]] Result<> ChangeDirectory(const std::string& path);

}  // namespace colmeia::sys
