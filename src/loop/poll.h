// Poll: calls back while one descriptor is readable or writable (level-triggered).
//
// For the few long-lived descriptors of a process: channels, signalfd, pipes. Client sockets use PollPool, listening
// sockets AcceptPoll.
#pragma once

#include <functional>
#include <memory>

#include "loop/loop.h"

namespace colmeia::loop {

// What to wait for, and what happened; combined with |.
enum Events : int {
  kReadable = 1,
  kWritable = 2,
  // The peer closed or shut down its writing side (EPOLLRDHUP). It stays true, so a listener that waits for it must
  // stop or read to the end when it comes.
  kDisconnect = 4,
};

class Poll final {
 public:
  // `fd` is lent: it must stay open while started, and must be able to be polled (not a regular file). It is made
  // non-blocking. `loop` must outlive this.
  //
  // An error or a hang-up on the descriptor arrives as all the events that were asked for, so that the next read or
  // write returns the error. After an error (not a hang-up) this is stopped.
  // The callback may start, stop or destroy this.
  using Callback = std::function<void(int events)>;
  Poll(Loop& loop, int fd, Callback callback);

  // Waits for `events`; with the same events as before it costs nothing. events == 0 is Stop().
  void Start(int events);

  // Forgets the descriptor altogether: from here on it may be closed, and its number used by others.
  void Stop();

  [[nodiscard]] int events() const;
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
