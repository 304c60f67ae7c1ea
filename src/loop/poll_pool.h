// PollPool: readiness of client sockets, many and short-lived.
//
// libuv's poll handles are kept per descriptor number and used again by the next socket with that number: setting one
// up and closing it costs twice as much as starting it again. Once every number has been seen nothing is allocated.
//
// It owns no descriptor and never closes one.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "loop/loop.h"
#include "loop/poll.h"

namespace colmeia::loop {

struct PollListener {
  // Events of enum Events. An error or hang-up arrives as all the events that were asked for, so that the next recv
  // or send returns it. May start and stop this and other descriptors, and may destroy the listener after Stop().
  virtual void OnPoll(int events) = 0;

 protected:
  ~PollListener() = default;
};

class PollPool final {
 public:
  // `loop` must outlive this. Destroy the pool last but the loop: its handles are closed by number, which would disturb
  // a Poll on a descriptor that has got a number once used here.
  explicit PollPool(Loop& loop);
  ~PollPool();
  PollPool(const PollPool&) = delete;
  PollPool& operator=(const PollPool&) = delete;

  // Waits for `events` on `fd`, a non-blocking socket, and tells `listener`, which must stay until Stop(fd). The same
  // events as before cost nothing, others about 2 us (two system calls): change interest only after EAGAIN.
  // False when the kernel has no memory left to watch one more descriptor: close the connection.
  bool Start(int fd, int events, PollListener* listener);

  // After it nothing is called back for `fd`, not even what this turn has already seen. REQUIRES: before close(fd).
  // Does nothing for a descriptor that is not started.
  void Stop(int fd);

  // Descriptors that are started, and handles that are kept.
  [[nodiscard]] std::size_t active() const { return active_; }
  [[nodiscard]] std::size_t kept() const { return kept_; }

 private:
  struct Node;
  struct Closer {
    void operator()(Node* node) const noexcept;
  };

  [[nodiscard]] Node* Find(int fd) const;
  [[nodiscard]] Node* FindOrOpen(int fd);

  Loop& loop_;                                        // outlives this
  std::vector<std::unique_ptr<Node, Closer>> nodes_;  // by descriptor number
  std::size_t active_ = 0;
  std::size_t kept_ = 0;
};

}  // namespace colmeia::loop
