#include "sys/privileges.h"

#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include <fmt/core.h>

#include "sys/error.h"

namespace colmeia::sys {

namespace {

tl::unexpected<Error> NotTaken(std::string what) {
  return Fail(what + ": the kernel reported success, but it did not happen", EPERM);
}

std::vector<gid_t> Sorted(std::vector<gid_t> groups) {
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  return groups;
}

}  // namespace

Result<> SetGroups(const std::vector<gid_t>& groups) {
  const char* const what = "setgroups() failed";
  if (setgroups(groups.size(), groups.data()) != 0) return FailErrno(what);
  const int count = getgroups(0, nullptr);
  if (count < 0) return FailErrno("getgroups() failed");
  std::vector<gid_t> actual(static_cast<std::size_t>(count));
  if (getgroups(count, actual.data()) != count || Sorted(std::move(actual)) != Sorted(groups)) return NotTaken(what);
  return {};
}

Result<> SetGid(gid_t gid) {
  const std::string what = fmt::format("setgid({}) failed", gid);
  if (setresgid(gid, gid, gid) != 0) return FailErrno(what);
  gid_t real = 0;
  gid_t effective = 0;
  gid_t saved = 0;
  const bool taken = getresgid(&real, &effective, &saved) == 0 && real == gid && effective == gid && saved == gid;
  if (!taken) return NotTaken(what);
  return {};
}

Result<> SetUid(uid_t uid) {
  const std::string what = fmt::format("setuid({}) failed", uid);
  if (setresuid(uid, uid, uid) != 0) return FailErrno(what);
  uid_t real = 0;
  uid_t effective = 0;
  uid_t saved = 0;
  const bool taken = getresuid(&real, &effective, &saved) == 0 && real == uid && effective == uid && saved == uid;
  if (!taken) return NotTaken(what);
  return {};
}

Result<> DropCapabilities() {
  const std::string what = "capset() to no capability failed";
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  if (syscall(SYS_capset, &header, sets.data()) != 0) return FailErrno(what);
  if (syscall(SYS_capget, &header, sets.data()) != 0) return FailErrno(what);
  // Ambient ones are a part of those that are permitted and inheritable, and went with them.
  for (const __user_cap_data_struct& set : sets) {
    if (set.effective != 0 || set.permitted != 0 || set.inheritable != 0) return NotTaken(what);
  }
  return {};
}

Result<> SetNice(int nice) {
  if (setpriority(PRIO_PROCESS, 0, nice) != 0) return FailErrno(fmt::format("setpriority({}) failed", nice));
  return {};
}

Result<> SetOpenFileLimit(std::uint64_t limit) {
  const std::string what = fmt::format("setrlimit(RLIMIT_NOFILE, {}) failed", limit);
  const rlimit wanted{.rlim_cur = limit, .rlim_max = limit};
  if (setrlimit(RLIMIT_NOFILE, &wanted) != 0) return FailErrno(what);
  if (OpenFileLimit() != limit) return NotTaken(what);
  return {};
}

std::uint64_t OpenFileLimit() {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

Result<> SetAffinity(const std::vector<unsigned>& cpus) {
  if (cpus.empty()) return Fail("sched_setaffinity() failed: no CPU given", EINVAL);
  const int count = static_cast<int>(*std::max_element(cpus.begin(), cpus.end())) + 1;
  const std::size_t size = CPU_ALLOC_SIZE(count);
  const auto free_set = [](cpu_set_t* set) { CPU_FREE(set); };
  const std::unique_ptr<cpu_set_t, decltype(free_set)> set(CPU_ALLOC(count), free_set);
  if (set == nullptr) return FailErrno("sched_setaffinity() failed", ENOMEM);
  CPU_ZERO_S(size, set.get());
  for (const unsigned cpu : cpus) CPU_SET_S(cpu, size, set.get());
  if (sched_setaffinity(0, size, set.get()) != 0) return FailErrno("sched_setaffinity() failed");
  return {};
}

Result<> SetDumpable() {
  const char* const what = "prctl(PR_SET_DUMPABLE) failed";
  if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) return FailErrno(what);
  if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 1) return NotTaken(what);
  return {};
}

Result<> SetNoNewPrivileges() {
  const char* const what = "prctl(PR_SET_NO_NEW_PRIVS) failed";
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return FailErrno(what);
  if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return NotTaken(what);
  return {};
}

Result<> SetParentDeathSignal(int signal) {
  const char* const what = "prctl(PR_SET_PDEATHSIG) failed";
  if (prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0) != 0) return FailErrno(what);
  int actual = 0;
  if (prctl(PR_GET_PDEATHSIG, &actual, 0, 0, 0) != 0 || actual != signal) return NotTaken(what);
  return {};
}

Result<> ChangeDirectory(const std::string& path) {
  if (chdir(path.c_str()) != 0) return FailErrno(fmt::format("chdir(\"{}\") failed", path));
  return {};
}

}  // namespace colmeia::sys
