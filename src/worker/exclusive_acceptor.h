// ExclusiveAcceptor: every worker waits on every shared socket, and the kernel wakes one per connection
// (loop/accept_poll.h).
//
// The kernel would wake the same one again and again as long as it is idle; so a worker that has had more than its
// share goes to the end of the queue of waiters, and everybody does so after kRequeueAfter connections.
//
// That is not enough for a burst of clients that stay: the others are woken, and before the scheduler lets them run the
// first one has taken all; or they have come, found no client and gone to sleep again before the queue filled, and only
// another connection would wake them. So a worker that is well ahead of the one that has the least wakes all others if
// it leaves a client in the queue, and rests for a millisecond; then again, while it is ahead and a client waits.
//
// Well ahead is a worker with more than kWellAhead more, both in accepts and in open connections, and kMostTimes as
// many of these. Clients that come and go never make it rest: none of its own may have gone during its last kWellAhead
// accepts. Nor do others that take nothing: after kMostRests in a row without an accept by the last one it goes on
// alone. What the others have is what they say, and one that was broken into may say anything: no worker rests more
// than kMostRestsASecond.
//
// Where the kernel refuses the exclusive wait, this is a SharedAcceptor.
#pragma once

#include "worker/socket_acceptor.h"

namespace colmeia::worker {

class ExclusiveAcceptor final : public SocketAcceptor {
 public:
  static constexpr std::uint32_t kRequeueAfter = 16;
  static constexpr std::uint64_t kWellAhead = 2;
  static constexpr std::uint64_t kMostTimes = 2;
  static constexpr util::Milliseconds kRest{1};
  static constexpr int kMostRests = 8;
  static constexpr int kMostRestsASecond = 200;

  // Without a board fairness rests on kRequeueAfter alone.
  explicit ExclusiveAcceptor(const AcceptorParts& parts)
      : SocketAcceptor(parts), resting_(parts.loop, [this] { EndRest(); }) {}
  ~ExclusiveAcceptor() override { DropAll(); }

 private:
  class ExclusiveWatch;

  // What a worker does when it has taken a client.
  enum class Turn {
    kStay,     // where it is in the queue of waiters
    kRequeue,  // to the end of it
    kRest,     // out of it, for all sockets, for kRest
  };

  std::unique_ptr<Watch> WatchShared(int fd, std::function<void()> on_readable) override;
  [[nodiscard]] Turn NextTurn();
  [[nodiscard]] bool MayRest();
  void NoteWhoStays();
  void Rest();
  void RestOn();
  void EndRest();
  // False when no client stands in any queue.
  [[nodiscard]] bool WakeOthers() const;

  std::vector<ExclusiveWatch*> watches_;
  loop::Timer resting_;
  int rests_ = 0;              // in a row
  int rests_this_second_ = 0;  // which ends at:
  util::TimePoint second_ends_{};
  std::uint64_t least_accepts_ = 0;  // of any seat, at the last rest
  std::uint64_t gone_ = 0;           // of this worker's clients, at its last accept
  std::uint64_t stayed_ = 0;         // accepts since one of them has gone
};

}  // namespace colmeia::worker
