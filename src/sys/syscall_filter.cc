#include "sys/syscall_filter.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
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
//
// A worker shares open files with the master and the other workers: listening sockets, and logs. What is here changes
// none of them for the others. The shared ones have offsets that nobody goes by and are not mapped; what is written to
// a log is appended, which sendfile(2) refuses to do; from a listening socket clients can be taken, which is what it is
// for.
constexpr int kAllowed[] = {
    // Requests come in, responses go out, logs are written.
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(pread64),
    SCMP_SYS(preadv),
    SCMP_SYS(preadv2),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(sendto),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendfile),
    // Connections that others made.
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
    SCMP_SYS(getsockopt),
    SCMP_SYS(getsockname),
    SCMP_SYS(getpeername),
    // Descriptors.
    SCMP_SYS(close),
    SCMP_SYS(close_range),
    SCMP_SYS(dup),
    SCMP_SYS(dup2),
    SCMP_SYS(dup3),
    SCMP_SYS(lseek),
    SCMP_SYS(eventfd2),
    // Waiting. Another epoll would count against a limit that all processes of a user share.
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
    // Files, as far as their owner and Landlock let us.
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
    // Memory. What may be executed or shared is a question of its own: SealMemory(). No mremap(2), which would let a
    // mapping of one page of the scoreboard grow over the next; realloc(3) does without it.
    SCMP_SYS(brk),
    SCMP_SYS(mmap),
    SCMP_SYS(munmap),
    SCMP_SYS(mprotect),
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
constexpr int kAllowedToSanitizers[] = {SCMP_SYS(ptrace),          SCMP_SYS(clone), SCMP_SYS(wait4),
                                        SCMP_SYS(pipe2),           SCMP_SYS(prctl), SCMP_SYS(getdents),
                                        SCMP_SYS(process_vm_readv)};
#else
constexpr std::initializer_list<int> kAllowedToSanitizers{};
#endif

// Allowed with one value of one argument, an int: of that the kernel reads the lower half of a register.
struct Word {
  int call;
  unsigned argument;
  unsigned value;
};
constexpr Word kAllowedWords[] = {
    // The end of what we send. Of a listening socket it changes nothing, while the other ways end it for everybody.
    {SCMP_SYS(shutdown), 1, SHUT_WR},
    // Descriptors of ours. Flags, owner and signal (F_SETFL, F_SETOWN, F_SETSIG) belong to the open file that others
    // have as well, a log without O_APPEND could be written anew, and locks and leases are in the way of others.
    {SCMP_SYS(fcntl), 1, F_DUPFD},
    {SCMP_SYS(fcntl), 1, F_DUPFD_CLOEXEC},
    {SCMP_SYS(fcntl), 1, F_GETFD},
    {SCMP_SYS(fcntl), 1, F_SETFD},
    {SCMP_SYS(fcntl), 1, F_GETFL},
    // Terminal or not, bytes waiting.
    {SCMP_SYS(ioctl), 1, TCGETS},
    {SCMP_SYS(ioctl), 1, FIONREAD},
    {SCMP_SYS(prctl), 0, PR_SET_NAME},
    {SCMP_SYS(prctl), 0, PR_GET_NAME},
    {SCMP_SYS(prctl), 0, PR_GET_DUMPABLE},
    {SCMP_SYS(prctl), 0, PR_SET_VMA},
    // A log that is not ours alone is written to without waiting, and with no other flag: RWF_NOAPPEND would undo
    // O_APPEND.
    {SCMP_SYS(pwritev2), 5, RWF_NOWAIT},
    // Hints about memory of ours.
    {SCMP_SYS(madvise), 2, MADV_NORMAL},
    {SCMP_SYS(madvise), 2, MADV_RANDOM},
    {SCMP_SYS(madvise), 2, MADV_SEQUENTIAL},
    {SCMP_SYS(madvise), 2, MADV_WILLNEED},
    {SCMP_SYS(madvise), 2, MADV_DONTNEED},
    {SCMP_SYS(madvise), 2, MADV_FREE},
    {SCMP_SYS(madvise), 2, MADV_HUGEPAGE},
    {SCMP_SYS(madvise), 2, MADV_NOHUGEPAGE},
    {SCMP_SYS(madvise), 2, MADV_DONTDUMP},
    {SCMP_SYS(madvise), 2, MADV_DODUMP},
};

// Answered with ENOTTY, as by a file that does not know it. Non-blocking mode and SIGIO (FIONBIO, FIOASYNC) belong to
// the open file: a blocking listening socket would stop every worker. libuv, which asks for it, then looks at the flags
// (F_GETFL) and finds what it wants.
constexpr unsigned kUnknownIoctls[] = {FIONBIO, FIOASYNC, FIOCLEX, FIONCLEX};

// All that may be set of a socket. Connections inherit what is set of a listening socket, and others share that one: so
// nothing is here that refuses, filters, delays or resets them. (Both of these cost a later connection milliseconds or
// a few more packets at the worst, and are set again where it matters.)
struct SocketOption {
  unsigned level;
  unsigned option;
};
constexpr SocketOption kAllowedOptions[] = {
    {IPPROTO_TCP, TCP_NODELAY},
    {IPPROTO_TCP, TCP_NOTSENT_LOWAT},
};

// What asks open(2) for more than reading.
constexpr unsigned kTmpfileBit = O_TMPFILE & ~static_cast<unsigned>(O_DIRECTORY);
constexpr unsigned kWritingFlags[] = {O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, kTmpfileBit};

// What makes a file, and never touches one that is there: with a name, or one that cannot get a name later.
constexpr unsigned kMakingFlags[] = {O_RDWR | O_CREAT | O_EXCL, O_RDWR | kTmpfileBit | O_EXCL};

using Filter = std::unique_ptr<void, decltype([](void* filter) { seccomp_release(filter); })>;

// libseccomp returns the negated errno.
Result<> Check(int code, const char* what) {
  if (code >= 0) return {};
  return FailErrno(fmt::format("the system call filter: {}", what), -code);
}

// Collects the first failure of a row of rules.
class Rules {
 public:
  static constexpr unsigned kWord = 0xffffffff;  // all of an int

  explicit Rules(scmp_filter_ctx filter, std::uint32_t action) : filter_(filter), action_(action) {}

  template <class... Compare>
  void Add(int call, Compare... compare) {
    const int code = seccomp_rule_add(filter_, action_, call, static_cast<unsigned>(sizeof...(compare)), compare...);
    // A call that this architecture does not have needs no rule.
    if (code < 0 && code != -EDOM && code_ == 0) code_ = code;
  }
  // Where the lower half of an argument, seen through `mask`, is `value`.
  void AddWhere(int call, unsigned argument, unsigned value, unsigned mask = kWord) {
    Add(call, Where(argument, value, mask));
  }
  static scmp_arg_cmp Where(unsigned argument, unsigned value, unsigned mask = kWord) {
    return {argument, SCMP_CMP_MASKED_EQ, mask, value};
  }
  [[nodiscard]] int code() const { return code_; }

 private:
  scmp_filter_ctx filter_;
  std::uint32_t action_;
  int code_ = 0;
};

Result<> Load(scmp_filter_ctx filter, std::initializer_list<const Rules*> all) {
  for (const Rules* const rules : all) {
    if (auto added = Check(rules->code(), "adding a rule"); !added) return added;
  }
  // The caller has set no_new_privs, and may no longer do so from here.
  if (auto set = Check(seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0), "SCMP_FLTATR_CTL_NNP"); !set) return set;
  // Calls are found by halving, which matters where the kernel has no bitmap of them (before 5.11).
  constexpr std::uint32_t kBinaryTree = 2;
  if (auto set = Check(seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, kBinaryTree), "SCMP_FLTATR_CTL_OPTIMIZE");
      !set) {
    return set;
  }
  return Check(seccomp_load(filter), "seccomp_load()");
}

// Files are opened for reading alone, or made. Which of them, Landlock and their owner decide.
void AllowOpening(Rules& allowed, Rules& denied, bool make_files) {
  struct Opening {
    int call;
    unsigned flags;
  };
  static constexpr Opening kOpenings[] = {{SCMP_SYS(open), 1}, {SCMP_SYS(openat), 2}};
  unsigned writing = 0;
  for (const unsigned flag : kWritingFlags) writing |= flag;
  for (const Opening& opening : kOpenings) {
    allowed.AddWhere(opening.call, opening.flags, 0, writing);
    if (make_files) {
      // Rules that overlap are none: what is not allowed here fails as all else does.
      for (const unsigned flags : kMakingFlags) {
        allowed.AddWhere(opening.call, opening.flags, flags, writing | O_EXCL);
      }
      continue;
    }
    for (const unsigned flag : kWritingFlags) denied.AddWhere(opening.call, opening.flags, flag, flag);
  }
}

}  // namespace

bool SyscallFilterSupported() {
  const std::uint32_t action = SECCOMP_RET_ERRNO;
  return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

Result<> FilterSyscalls(const SyscallRights& rights) {
  const Filter filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)));
  if (!filter) return Fail("the system call filter: seccomp_init() failed", ENOMEM);
  Rules allowed(filter.get(), SCMP_ACT_ALLOW);
  Rules denied(filter.get(), SCMP_ACT_ERRNO(EACCES));
  Rules no_terminal(filter.get(), SCMP_ACT_ERRNO(ENOTTY));
  Rules unknown(filter.get(), SCMP_ACT_ERRNO(ENOSYS));

  for (const int call : kAllowed) allowed.Add(call);
  for (const int call : kAllowedToSanitizers) allowed.Add(call);
  for (const Word& word : kAllowedWords) allowed.AddWhere(word.call, word.argument, word.value);
  for (const unsigned request : kUnknownIoctls) no_terminal.AddWhere(SCMP_SYS(ioctl), 1, request);
  const auto allow_option = [&](const SocketOption& row) {
    allowed.Add(SCMP_SYS(setsockopt), Rules::Where(1, row.level), Rules::Where(2, row.option));
  };
  for (const SocketOption& row : kAllowedOptions) allow_option(row);
  if (rights.reset_connections) allow_option({SOL_SOCKET, SO_LINGER});
  AllowOpening(allowed, denied, rights.make_files);
  if (rights.make_files) {
    for (const int call : {SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(mkdir), SCMP_SYS(mkdirat)}) {
      allowed.Add(call);
    }
  }
  // Threads of this process, no processes.
  constexpr unsigned kThread = CLONE_VM | CLONE_THREAD | CLONE_SIGHAND;
  allowed.AddWhere(SCMP_SYS(clone), 0, kThread, kThread);
  // Limits are read, not set, and our own alone.
  allowed.Add(SCMP_SYS(prlimit64), scmp_arg_cmp{0, SCMP_CMP_EQ, 0, 0}, scmp_arg_cmp{2, SCMP_CMP_EQ, 0, 0});
  // abort(3), and the end of a crash report.
  const auto self = static_cast<unsigned>(getpid());
  allowed.AddWhere(SCMP_SYS(tgkill), 0, self);
  allowed.AddWhere(SCMP_SYS(kill), 0, self);
  // Their flags lie in memory, where no filter can look. Without them the C library uses clone(2), and so does
  // everybody who opens files use openat(2).
  for (const int call : {SCMP_SYS(clone3), SCMP_SYS(openat2)}) unknown.Add(call);

  return Load(filter.get(), {&allowed, &denied, &no_terminal, &unknown});
}

Result<> SealMemory() {
  const Filter filter(seccomp_init(SCMP_ACT_ALLOW));
  if (!filter) return Fail("the system call filter: seccomp_init() failed", ENOMEM);
  Rules rules(filter.get(), SCMP_ACT_ERRNO(EPERM));
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect), SCMP_SYS(pkey_mprotect)}) {
    rules.AddWhere(call, 2, PROT_EXEC, PROT_EXEC);
  }
  // MAP_SHARED and MAP_SHARED_VALIDATE have this bit, MAP_PRIVATE has it not.
  rules.AddWhere(SCMP_SYS(mmap), 3, MAP_SHARED, MAP_SHARED);
  return Load(filter.get(), {&rules});
}

}  // namespace colmeia::sys
