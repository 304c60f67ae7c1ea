// ExclusiveAcceptor: every worker waits on every shared socket, and the kernel wakes one per connection
// (loop/accept_poll.h).
//
// The kernel would wake the same one again and again as long as it is idle; so a worker that has had more than its
// share goes to the end of the queue of waiters, and everybody does so after kRequeueAfter connections.
//
// That is not enough for a burst of clients that stay: the others are woken, and before the scheduler lets them run the
// first one has taken all. So a worker that is well ahead, both in accepts and in open connections, rests for a
// millisecond. Clients that come and go never make it rest, nor do others that take nothing: after kMostRests in a row
// without an accept by anybody else it goes on alone.
//
// Where the kernel refuses the exclusive wait, this is a SharedAcceptor.
#pragma once

#include "worker/socket_acceptor.h"

namespace colmeia::worker {

class ExclusiveAcceptor final : public SocketAcceptor {
 public:
  static constexpr std::uint32_t kRequeueAfter = 16;
  static constexpr std::uint64_t kWellAhead = 3;  // of the mean of all seats
  static constexpr util::Milliseconds kRest{1};
  static constexpr int kMostRests = 8;

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
  void Rest();
  void EndRest();

  std::vector<ExclusiveWatch*> watches_;
  loop::Timer resting_;
  int rests_ = 0;                        // in a row
  std::uint64_t accepts_of_others_ = 0;  // at the last rest
};

}  // namespace colmeia::worker
