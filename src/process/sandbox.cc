#include "process/sandbox.h"

#include <fmt/core.h>

#include "sys/landlock.h"
#include "sys/syscall_filter.h"

namespace colmeia::process {
namespace {

// Versions of Landlock that made a difference: without the filter they are all there is.
constexpr int kLandlockKnowsPorts = 4;
constexpr int kLandlockKnowsSignals = 6;

ipc::Sandbox SandboxOf(const ipc::Identity& identity) { return static_cast<ipc::Sandbox>(identity.sandbox); }

}  // namespace

SandboxSupport ProbeSandbox() { return {sys::LandlockVersion(), sys::SyscallFilterSupported()}; }

std::string SandboxGap(ipc::Sandbox sandbox, const SandboxSupport& support) {
  if (sandbox == ipc::Sandbox::kOff) return {};
  static constexpr const char* kLandlock = "Landlock (Linux 5.13, and its name in lsm= of the kernel's command line)";
  if (support.landlock == 0 && !support.filter) {
    return fmt::format(
        "this kernel has neither {} nor seccomp filters: a worker that is broken into does whatever its "
        "user may",
        kLandlock);
  }
  if (support.landlock == 0) {
    return fmt::format(
        "this kernel has no {}: a worker that is broken into can read the memory of other processes of "
        "its user; the filter of system calls still keeps it from writing, making and executing files",
        kLandlock);
  }
  if (support.filter) return {};
  std::string gap =
      "this kernel has no seccomp filters: a worker that is broken into can make sockets, shut the listening sockets "
      "that all workers share and write its logs anew";
  if (support.landlock < kLandlockKnowsPorts) gap += ", connect to others and listen";
  if (support.landlock < kLandlockKnowsSignals) gap += ", and signal other processes of its user";
  return gap + "; Landlock still keeps it from opening files for writing, making and executing them";
}

Result<> EnterSandbox(const ipc::Identity& identity) {
  const ipc::Sandbox sandbox = SandboxOf(identity);
  if (sandbox == ipc::Sandbox::kOff) return {};
  sys::FileRights rights;
  rights.read_anywhere = sandbox != ipc::Sandbox::kStrict;
  rights.readable = identity.readable;
#if defined(__SANITIZE_ADDRESS__)
  rights.readable.emplace_back("/proc");  // the leak check looks its threads up there
#endif
  rights.temporary = identity.writable;
  // Whoever says where workers stand wants to find their core files there.
  if (!identity.working_directory.empty()) rights.core_dump.push_back(identity.working_directory);
  if (auto restricted = sys::RestrictFiles(rights); !restricted) return restricted;
  if (!sys::SyscallFilterSupported()) return {};
  return sys::FilterSyscalls(
      {.reset_connections = identity.resets_connections, .make_files = !identity.writable.empty()});
}

Result<> SealSandbox(const ipc::Identity& identity) {
  if (SandboxOf(identity) == ipc::Sandbox::kOff || !sys::SyscallFilterSupported()) return {};
  return sys::SealMemory();
}

}  // namespace colmeia::process
