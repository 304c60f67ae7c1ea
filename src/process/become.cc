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

Result<> OpenZone(LentZone& zone) {
  const sys::UniqueFd fd = std::move(zone.fd);
  const bool counts = zone.lend.kind == ipc::LentKind::kCountZone;
  zone.geometry.kind = counts ? zone::ZoneKind::kCounts : zone::ZoneKind::kRates;
  zone.geometry.size = static_cast<std::size_t>(zone.lend.size);
  zone.geometry.page_size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  if (zone.geometry.size < zone::kLeastSize || zone.lend.holder >= zone::kHolders) {
    return Fail("the master lent a zone that cannot be");
  }
  auto common = sys::Mapping::MapShared(fd.get(), zone.geometry.common_size(), /*writable=*/true);
  if (!common) return tl::unexpected(common.error());
  zone.common = *std::move(common);
  if (!counts) return {};
  auto share = sys::Mapping::MapPart(fd.get(), zone.geometry.ShareAt(zone.lend.holder), zone.geometry.share_size(),
                                     /*writable=*/true);
  if (!share) return tl::unexpected(share.error());
  zone.share = *std::move(share);
  return {};
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
  for (LentZone& zone : adoption.zones) {
    if (auto opened = OpenZone(zone); !opened) return opened;
  }
  return {};
}

}  // namespace

Result<> Become(Adoption& adoption, pid_t master) {
  const ipc::Identity& identity = adoption.identity;
  // 1. Shared memory: from here on this worker can write its own page of the scoreboard and no other, the tables of
  // zones, and its own share of what they count.
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
