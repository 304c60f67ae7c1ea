// Signals, received in the two ways that exist: by interrupting, and by being asked for.
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "lab/link_io.h"
#include "lab/stage.h"

namespace colmeia::lab {
namespace {

constexpr char kNothing[64] = {};

// A real-time signal: of those every one is queued, while ordinary ones of the same number merge.
int TheSignal() { return SIGRTMIN; }

sigset_t OnlyTheSignal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, TheSignal());
  return set;
}

// Sending, which is the same for both. sigqueue(3) is not used: it asks for the pid and the uid each time.
class SignalLink : public Link {
 public:
  SignalLink() {
    const sigset_t set = OnlyTheSignal();
    Must(sigprocmask(SIG_BLOCK, &set, nullptr), "cannot block a signal");
  }

  void TakeSide(Side, pid_t other) override {
    other_ = other;
    self_.si_signo = TheSignal();
    self_.si_code = SI_QUEUE;
    self_.si_pid = getpid();
    self_.si_uid = getuid();
  }

  void Send(Side, std::span<const char>) override {
    while (syscall(SYS_rt_sigqueueinfo, other_, TheSignal(), &self_) != 0) {
      if (errno != EAGAIN) GiveUpWithErrno("cannot send a signal");
      sched_yield();  // the queue is full (RLIMIT_SIGPENDING), and nothing tells when it is not
    }
  }

  // So much of each queued signal is kept.
  [[nodiscard]] std::size_t Capacity() const override { return sizeof(siginfo_t); }

 private:
  pid_t other_ = 0;
  siginfo_t self_{};
};

// Lock-free, so a handler may touch it.
std::atomic<unsigned> handled{0};
static_assert(std::atomic<unsigned>::is_always_lock_free);

class HandlerLink final : public SignalLink {
 public:
  HandlerLink() {
    struct sigaction action {};
    action.sa_handler = [](int) { handled.fetch_add(1, std::memory_order_relaxed); };
    Must(sigaction(TheSignal(), &action, nullptr), "cannot set a signal's handler");
    Must(sigprocmask(SIG_BLOCK, nullptr, &while_waiting_), "cannot read the signal mask");
    sigdelset(&while_waiting_, TheSignal());
  }

  // The signal is blocked but within sigsuspend(2), so none can come between the look and the sleep.
  const char* Receive(Side, std::size_t) override {
    while (handled.load(std::memory_order_relaxed) == seen_) sigsuspend(&while_waiting_);
    ++seen_;
    return kNothing;
  }

 private:
  sigset_t while_waiting_{};
  unsigned seen_ = 0;
};

class SignalFdLink final : public SignalLink {
 public:
  SignalFdLink() {
    const sigset_t set = OnlyTheSignal();
    fd_.reset(Must(signalfd(-1, &set, SFD_CLOEXEC), "cannot make a signalfd"));
  }

  // A signalfd gives whoever reads it the reader's own signals, so both processes may read the same one.
  const char* Receive(Side, std::size_t) override {
    signalfd_siginfo info{};
    ReadWhole(fd_.get(), {reinterpret_cast<char*>(&info), sizeof info});
    return kNothing;
  }

 private:
  sys::UniqueFd fd_;
};

template <class Kind>
std::unique_ptr<Link> Open(const std::string&) {
  return std::make_unique<Kind>();
}

constexpr Form kForms[] = {
    {"signal", "signal, handler", "rt_sigqueueinfo(2) and sigsuspend(2): the handler interrupts whatever runs", "",
     Peer::kProcess, Payload::kToken, 0, 6, Expected::kExactly, Open<HandlerLink>},
    {"signalfd", "signal, signalfd",
     "signalfd(2): the signal stays blocked and is read like a message, its sender with it", "src/loop/signals.cc",
     Peer::kProcess, Payload::kToken, 0, 4, Expected::kExactly, Open<SignalFdLink>},
};

}  // namespace

std::span<const Form> SignalForms() { return kForms; }

}  // namespace colmeia::lab
