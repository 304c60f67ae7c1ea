// AcceptPoll: a listening socket that several processes wait on, waking one of them per connection (EPOLLEXCLUSIVE).
//
// libuv has no EPOLLEXCLUSIVE: a plain poll wakes the whole herd. So libuv registers the socket, one turn passes, and
// the registration is then replaced on libuv's own epoll descriptor by an exclusive one (epoll_ctl(2)).
//
// States:
//
//   Stopped --Start()--> Registering --libuv has added it--> Exclusive --Rest()--> Resting
//      ^                      |   (or Plain: the kernel refused)  |  ^--Requeue()------|
//      +-------- Stop() ------+-----------------------------------+--------------------+
//
// It accepts nothing itself: the callback does, one connection per call, so that the others get their share.
#pragma once

#include <functional>
#include <memory>

#include "loop/loop.h"

namespace colmeia::loop {

class AcceptPoll final {
 public:
  enum class State {
    kStopped,      // not waiting
    kRegistering,  // waiting already, but not yet exclusively
    kExclusive,    // one waiter is woken per connection
    kPlain,        // waiting as a plain poll: the kernel has no exclusive wait for this descriptor
    kResting,      // not waiting until Requeue()
  };

  // `listen_fd` is lent and must stay open while started. `loop` must outlive this. The callback may stop, requeue or
  // destroy this.
  using Callback = std::function<void()>;
  AcceptPoll(Loop& loop, int listen_fd, Callback callback);

  // Waits for connections; nothing changes when it already does. After Stop() and Start() the wait is exclusive again
  // two turns later; the loop does not sleep before.
  void Start();

  // From here on the descriptor may be closed. Connections stay in its queue.
  void Stop();

  // Moves this process to the end of the kernel's list of waiters, which otherwise wakes the same one while it is
  // idle. Two system calls; the owner decides when (at the latest every 16 accepts). Does nothing unless exclusive or
  // resting.
  void Requeue();

  // Waits no more, far cheaper than Stop(), until Requeue(). Does nothing unless exclusive.
  void Rest();

  [[nodiscard]] State state() const;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  struct Node;
  struct Closer {
    void operator()(Node* node) const noexcept;
  };

  Loop& loop_;  // outlives this
  int fd_;
  std::shared_ptr<const Callback> callback_;  // shared with the node, where it outlives this while it runs
  std::unique_ptr<Node, Closer> node_;        // only while started
};

}  // namespace colmeia::loop
