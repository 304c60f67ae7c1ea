#include "worker/become.h"

#include <signal.h>
#include <unistd.h>

#include <fmt/core.h>

#include "log/error_log.h"
#include "sys/privileges.h"

namespace colmeia::worker {
namespace {

void Alert(const Result<>& result) {
  if (!result) log::Main().Write(log::Level::kAlert, result.error().message);
}

}  // namespace

Result<> Become(const ipc::Identity& identity, pid_t master) {
  // 1. What a user may lose the right to do: priority and limits.
  if (identity.priority != 0) Alert(sys::SetNice(identity.priority));
  if (identity.rlimit_nofile != 0) Alert(sys::SetOpenFileLimit(identity.rlimit_nofile));
  // 2. Affinity.
  if (!identity.affinity.empty()) {
    const auto& cpus = identity.affinity.front();
    Alert(sys::SetAffinity({cpus.begin(), cpus.end()}));
  }

  if (identity.change_user) {
    // 3. Supplementary groups, then the group, then the user: the last one takes away the right to the others.
    if (auto set = sys::SetGroups({identity.groups.begin(), identity.groups.end()}); !set) return set;
    if (auto set = sys::SetGid(identity.gid); !set) return set;
    if (auto set = sys::SetUid(identity.uid); !set) return set;
  }
  // 4. Rights that came without root, as those of a service manager do: what they are for, the master has done.
  if (geteuid() != 0) {
    if (auto dropped = sys::DropCapabilities(); !dropped) return dropped;
  }
  // 5. The change of user took core dumps away.
  if (auto set = sys::SetDumpable(); !set) return set;
  // 6. The working directory, with the rights of the new user.
  if (!identity.working_directory.empty()) {
    if (auto changed = sys::ChangeDirectory(identity.working_directory); !changed) return changed;
  }
  // 7. No program that is exec'ed gets rights of its own.
  if (auto set = sys::SetNoNewPrivileges(); !set) return set;
  // 8. A change of user clears it, so it comes last; the master may have died before it counted.
  if (master != 0) {
    if (auto set = sys::SetParentDeathSignal(SIGQUIT); !set) return set;
    if (getppid() != master) return Fail(fmt::format("the master (pid {}) is gone", master));
  }
  return {};
}

}  // namespace colmeia::worker
