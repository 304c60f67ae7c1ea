#include "worker/sandbox.h"

#include "sys/landlock.h"
#include "sys/syscall_filter.h"

namespace colmeia::worker {
namespace {

ipc::Sandbox SandboxOf(const ipc::Identity& identity) { return static_cast<ipc::Sandbox>(identity.sandbox); }

}  // namespace

Result<> EnterSandbox(const ipc::Identity& identity) {
  const ipc::Sandbox sandbox = SandboxOf(identity);
  if (sandbox == ipc::Sandbox::kOff) return {};
  sys::FileRights rights;
  rights.read_anywhere = sandbox != ipc::Sandbox::kStrict;
  rights.readable = identity.readable;
#if defined(__SANITIZE_ADDRESS__)
  rights.readable.emplace_back("/proc");  // the leak check looks its threads up there
#endif
  // Whoever says where workers stand wants to find their core files there.
  if (!identity.working_directory.empty()) rights.core_dump.push_back(identity.working_directory);
  if (auto restricted = sys::RestrictFiles(rights); !restricted) return restricted;
  if (!sys::SyscallFilterSupported()) return {};
  return sys::FilterSyscalls();
}

Result<> SealSandbox(const ipc::Identity& identity) {
  if (SandboxOf(identity) == ipc::Sandbox::kOff || !sys::SyscallFilterSupported()) return {};
  return sys::ForbidNewCode();
}

}  // namespace colmeia::worker
