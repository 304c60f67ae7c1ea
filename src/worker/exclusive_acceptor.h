// ExclusiveAcceptor: every worker waits on every shared socket, and the kernel wakes one per connection
// (loop/accept_poll.h).
//
// The kernel would wake the same one again and again as long as it is idle; so a worker that has had more than its
// share goes to the end of the queue of waiters, and everybody does so after kRequeueAfter connections.
//
// Where the kernel refuses the exclusive wait, this is a SharedAcceptor.
#pragma once

#include "worker/socket_acceptor.h"

namespace colmeia::worker {

class ExclusiveAcceptor final : public SocketAcceptor {
 public:
  static constexpr std::uint32_t kRequeueAfter = 16;

  // Without a board fairness rests on kRequeueAfter alone.
  explicit ExclusiveAcceptor(const AcceptorParts& parts) : SocketAcceptor(parts) {}

 private:
  class ExclusiveWatch;

  std::unique_ptr<Watch> WatchShared(int fd, std::function<void()> on_readable) override;

  // Whether this worker has accepted more than the others have on average.
  [[nodiscard]] bool IsAhead() const;
};

}  // namespace colmeia::worker
