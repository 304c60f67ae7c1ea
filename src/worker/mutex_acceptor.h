// MutexAcceptor: of all workers only the one that holds a lock in shared memory waits on the shared sockets, as with
// nginx's `accept_mutex on`.
//
// Each tries to get the lock before its loop sleeps, keeps it through the sleep, and gives it back as soon as it has
// taken a client, or at the end of the turn. A worker that does not get it sleeps without those sockets, and tries
// again at its next event or after accept_mutex_delay, whichever comes first. No worker ever waits for the lock itself.
//
// A worker that is nearly full leaves the lock alone for some turns, so that others get the next clients; for
// accept_mutex_delay at the longest.
//
// A holder that dies is no matter: the master frees its lock. One that hangs is: no worker accepts. So a worker that
// finds the lock taken by a worker that has missed kMissedBeats heartbeats breaks it; should that one wake up again, it
// finds out at its next turn. The same for a lock that is held by no process: in an empty slot, or by what is no slot.
//
// A holder that was broken into beats, and takes no client. So a worker that did not get the lock at kPatience delays
// in a row looks whether a client waits all the same, at each further one; then it accepts for kAlone without the lock.
// It may be wrong about the holder: that does no harm.
#pragma once

#include <chrono>
#include <vector>

#include "loop/hooks.h"
#include "scoreboard/accept_lock.h"
#include "worker/socket_acceptor.h"

namespace colmeia::worker {

class MutexAcceptor final : public SocketAcceptor {
 public:
  static constexpr int kMissedBeats = 3;
  static constexpr int kPatience = 4;
  static constexpr std::chrono::seconds kAlone{60};

  // REQUIRES: parts.board != nullptr.
  explicit MutexAcceptor(const AcceptorParts& parts);
  ~MutexAcceptor() override;

  [[nodiscard]] bool holds() const { return holds_; }
  // Whether it accepts without the lock for a while.
  [[nodiscard]] bool alone() const { return parts_.loop.Now() < alone_until_; }

 private:
  class MutexWatch;

  std::unique_ptr<Watch> WatchShared(int fd, std::function<void()> on_readable) override;
  void OnTurnEnds();
  [[nodiscard]] bool TryLock();
  [[nodiscard]] bool BreakIfIdle();
  [[nodiscard]] std::chrono::nanoseconds SilenceOf(std::uint32_t slot) const;
  [[nodiscard]] bool MustGoAlone();
  void Unlock();
  void LeaveToOthers();

  scoreboard::AcceptLock lock_;
  bool holds_ = false;
  std::size_t turns_to_skip_ = 0;
  bool delay_passed_ = false;      // since the last attempt to get the lock
  int denied_ = 0;                 // delays in a row after which it was not to be had
  util::TimePoint alone_until_{};  // accepts without the lock
  util::TimePoint next_word_{};    // when it may be said again that a lock was broken
  std::vector<MutexWatch*> watches_;
  loop::Timer retry_;
  loop::BeforeSleep before_sleep_;
  loop::AfterWake after_wake_;
};

}  // namespace colmeia::worker
