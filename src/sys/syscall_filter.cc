#include "sys/syscall_filter.h"

#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <initializer_list>
#include <memory>
#include <string>

#include <fmt/core.h>

#include "sys/error.h"

namespace colmeia::sys {
namespace {

// Allowed whatever their arguments, so that the kernel answers from a bitmap without running the filter. Each line is
// one reason.
constexpr int kAllowed[] = {
    // Requests come in, responses go out, logs are written.
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(pread64),
    SCMP_SYS(preadv),
    SCMP_SYS(preadv2),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(recvmmsg),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(pwrite64),
    SCMP_SYS(pwritev),
    SCMP_SYS(sendto),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(sendfile),
    SCMP_SYS(splice),
    SCMP_SYS(tee),
    // Connections that others made.
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(shutdown),
    SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    // Descriptors.
    SCMP_SYS(close),
    SCMP_SYS(close_range),
    SCMP_SYS(dup),
    SCMP_SYS(dup2),
    SCMP_SYS(dup3),
    SCMP_SYS(fcntl),
    SCMP_SYS(lseek),
    SCMP_SYS(pipe2),
    SCMP_SYS(eventfd2),
    SCMP_SYS(memfd_create),
    // Waiting.
    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_pwait2),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(select),
    SCMP_SYS(pselect6),
    SCMP_SYS(futex),
    SCMP_SYS(futex_waitv),
    SCMP_SYS(nanosleep),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(sched_yield),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(timerfd_create),
    SCMP_SYS(timerfd_settime),
    // Files, as far as their owner and Landlock let us.
    SCMP_SYS(open),
    SCMP_SYS(openat),
    SCMP_SYS(openat2),
    SCMP_SYS(stat),
    SCMP_SYS(lstat),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(statx),
    SCMP_SYS(fstatfs),
    SCMP_SYS(statfs),
    SCMP_SYS(access),
    SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2),
    SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),
    SCMP_SYS(getdents64),
    SCMP_SYS(getcwd),
    SCMP_SYS(fadvise64),
    SCMP_SYS(readahead),
    SCMP_SYS(inotify_init1),
    SCMP_SYS(inotify_add_watch),
    SCMP_SYS(inotify_rm_watch),
    // Memory. What may be executed is a question of its own: ForbidNewCode(). mremap(2) is left out: it makes a mapping
    // of shared memory grow beyond the part that was given away. The C library copies instead.
    SCMP_SYS(brk),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mprotect),
    SCMP_SYS(madvise),
    SCMP_SYS(mincore),
    SCMP_SYS(msync),
    SCMP_SYS(mlock),
    SCMP_SYS(membarrier),
    // Time, and a look at ourselves.
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(time),
    SCMP_SYS(getpid),
    SCMP_SYS(getppid),
    SCMP_SYS(gettid),
    SCMP_SYS(getuid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getegid),
    SCMP_SYS(getrusage),
    SCMP_SYS(times),
    SCMP_SYS(getrlimit),
    SCMP_SYS(sysinfo),
    SCMP_SYS(uname),
    SCMP_SYS(getcpu),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(getrandom),
    SCMP_SYS(capget),
    // Signals that come to us, and the end.
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigpending),
    SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(signalfd4),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    // Further filters: they only take away.
    SCMP_SYS(seccomp),
    // What the C library does for every thread.
    SCMP_SYS(set_robust_list),
    SCMP_SYS(get_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(arch_prctl),
};

// What the leak check of a sanitized build needs: it stops our threads from a process of its own.
#if defined(__SANITIZE_ADDRESS__)
constexpr int kAllowedToSanitizers[] = {SCMP_SYS(ptrace), SCMP_SYS(clone),    SCMP_SYS(wait4),
                                        SCMP_SYS(prctl),  SCMP_SYS(getdents), SCMP_SYS(process_vm_readv)};
#else
constexpr std::initializer_list<int> kAllowedToSanitizers{};
#endif

// Terminal or not, bytes waiting, non-blocking.
constexpr unsigned kAllowedIoctls[] = {TCGETS, FIONREAD, FIONBIO, FIOCLEX, FIONCLEX};
constexpr int kAllowedPrctls[] = {PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_SET_VMA};

using Filter = std::unique_ptr<void, decltype([](void* filter) { seccomp_release(filter); })>;

// libseccomp returns the negated errno.
Result<> Check(int code, const char* what) {
  if (code >= 0) return {};
  return FailErrno(fmt::format("the system call filter: {}", what), -code);
}

// Collects the first failure of a row of rules.
class Rules {
 public:
  explicit Rules(scmp_filter_ctx filter, std::uint32_t action) : filter_(filter), action_(action) {}

  template <class... Compare>
  void Add(int call, Compare... compare) {
    const int code = seccomp_rule_add(filter_, action_, call, static_cast<unsigned>(sizeof...(compare)), compare...);
    // A call that this architecture does not have needs no rule.
    if (code < 0 && code != -EDOM && code_ == 0) code_ = code;
  }
  [[nodiscard]] int code() const { return code_; }

 private:
  scmp_filter_ctx filter_;
  std::uint32_t action_;
  int code_ = 0;
};

Result<> Load(scmp_filter_ctx filter, const Rules& rules) {
  if (auto added = Check(rules.code(), "adding a rule"); !added) return added;
  // The caller has set no_new_privs, and may no longer do so from here.
  if (auto set = Check(seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0), "SCMP_FLTATR_CTL_NNP"); !set) return set;
  return Check(seccomp_load(filter), "seccomp_load()");
}

}  // namespace

bool SyscallFilterSupported() {
  const std::uint32_t action = SECCOMP_RET_ERRNO;
  return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

Result<> FilterSyscalls() {
  const Filter filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)));
  if (!filter) return Fail("the system call filter: seccomp_init() failed", ENOMEM);
  Rules rules(filter.get(), SCMP_ACT_ALLOW);
  for (const int call : kAllowed) rules.Add(call);
  for (const int call : kAllowedToSanitizers) rules.Add(call);
  for (const unsigned request : kAllowedIoctls) {
    rules.Add(SCMP_SYS(ioctl), scmp_arg_cmp{1, SCMP_CMP_MASKED_EQ, 0xffffffffU, request});
  }
  for (const int option : kAllowedPrctls) {
    rules.Add(SCMP_SYS(prctl), scmp_arg_cmp{0, SCMP_CMP_EQ, static_cast<scmp_datum_t>(option), 0});
  }
  // Threads of this process, no processes. clone3(2) hides its flags in memory: without it the C library uses clone(2).
  constexpr scmp_datum_t kThread = CLONE_VM | CLONE_THREAD | CLONE_SIGHAND;
  rules.Add(SCMP_SYS(clone), scmp_arg_cmp{0, SCMP_CMP_MASKED_EQ, kThread, kThread});
  // Limits are read, not set, and our own alone.
  rules.Add(SCMP_SYS(prlimit64), scmp_arg_cmp{0, SCMP_CMP_EQ, 0, 0}, scmp_arg_cmp{2, SCMP_CMP_EQ, 0, 0});
  // abort(3), and the end of a crash report.
  const auto self = static_cast<scmp_datum_t>(getpid());
  rules.Add(SCMP_SYS(tgkill), scmp_arg_cmp{0, SCMP_CMP_EQ, self, 0});
  rules.Add(SCMP_SYS(kill), scmp_arg_cmp{0, SCMP_CMP_EQ, self, 0});

  Rules unknown(filter.get(), SCMP_ACT_ERRNO(ENOSYS));
  unknown.Add(SCMP_SYS(clone3));
  if (auto added = Check(unknown.code(), "adding clone3"); !added) return added;
  return Load(filter.get(), rules);
}

Result<> ForbidNewCode() {
  const Filter filter(seccomp_init(SCMP_ACT_ALLOW));
  if (!filter) return Fail("the system call filter: seccomp_init() failed", ENOMEM);
  Rules rules(filter.get(), SCMP_ACT_ERRNO(EPERM));
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect), SCMP_SYS(pkey_mprotect)}) {
    rules.Add(call, scmp_arg_cmp{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC});
  }
  return Load(filter.get(), rules);
}

}  // namespace colmeia::sys
