#include "process/become.h"

#include <signal.h>
#include <unistd.h>

#include <utility>

#include <fmt/core.h>

#include "log/error_log.h"
#include "sys/privileges.h"

namespace colmeia::process {
namespace {

void Alert(const Result<>& result) {
  if (!result) log::Main().Write(log::Level::kAlert, result.error().message);
}

// What was mapped stays; by these descriptors all of the memory could be mapped again, and written.
Result<> OpenMemory(Adoption& adoption) {
  const LentMemory memory = std::move(adoption.memory);
  if (memory.scoreboard) {
    auto board = scoreboard::Board::Open(memory.scoreboard.get(), adoption.slot);
    if (!board) return tl::unexpected(board.error());
    adoption.board = *std::move(board);
  }
  if (memory.trace) {
    auto trace = trace::Reader::Open(memory.trace.get());
    if (!trace) return tl::unexpected(trace.error());
    adoption.trace = *std::move(trace);
  }
  return {};
}

}  // namespace

Result<> Become(Adoption& adoption, pid_t master) {
  const ipc::Identity& identity = adoption.identity;
  // 1. Shared memory: from here on this worker can write its own page of the scoreboard and no other.
  if (auto opened = OpenMemory(adoption); !opened) return opened;
  // 2. What a user may lose the right to do: priority and limits.
  if (identity.priority != 0) Alert(sys::SetNice(identity.priority));
  if (identity.rlimit_nofile != 0) Alert(sys::SetOpenFileLimit(identity.rlimit_nofile));
  // 3. Affinity.
  if (!identity.affinity.empty()) {
    const auto& cpus = identity.affinity.front();
    Alert(sys::SetAffinity({cpus.begin(), cpus.end()}));
  }

  if (identity.change_user) {
    // 4. Supplementary groups, then the group, then the user: the last one takes away the right to the others.
    if (auto set = sys::SetGroups({identity.groups.begin(), identity.groups.end()}); !set) return set;
    if (auto set = sys::SetGid(identity.gid); !set) return set;
    if (auto set = sys::SetUid(identity.uid); !set) return set;
  }
  // 5. Rights that came without root, as those of a service manager do: what they are for, the master has done.
  if (geteuid() != 0) {
    if (auto dropped = sys::DropCapabilities(); !dropped) return dropped;
  }
  // 6. The change of user took core dumps away.
  if (auto set = sys::SetDumpable(); !set) return set;
  // 7. The working directory, with the rights of the new user.
  if (!identity.working_directory.empty()) {
    if (auto changed = sys::ChangeDirectory(identity.working_directory); !changed) return changed;
  }
  // 8. No program that is exec'ed gets rights of its own.
  if (auto set = sys::SetNoNewPrivileges(); !set) return set;
  // 9. A change of user clears it, so it comes last; the master may have died before it counted.
  if (master != 0) {
    if (auto set = sys::SetParentDeathSignal(SIGQUIT); !set) return set;
    if (getppid() != master) return Fail(fmt::format("the master (pid {}) is gone", master));
  }
  return {};
}

}  // namespace colmeia::process
