// Drain: the graceful end of a worker's serving: take the clients that no other process will, accept no more, finish
// what is open, say when it is done.
//
//   Drain drain(loop, acceptor, connections, [&] { leave });
//   drain.Start(deadline);
//
// It decides nothing about the process: leaving, and telling the master, is worker.h's.
#pragma once

#include <functional>
#include <optional>

#include "loop/loop.h"
#include "loop/timer.h"
#include "util/clock.h"
#include "worker/acceptor.h"
#include "worker/connections.h"

namespace colmeia::worker {

class Drain {
 public:
  enum class State {
    kServing,   // not started
    kDraining,  // removed listeners are emptied, connections are finishing
    kDone,      // nothing is left; `done` was called or is about to be
  };

  // References must outlive this. `done` is called once, from the loop and never from within Start(), so that it may
  // destroy everything. Takes over Connections::on_empty and Acceptor::on_closed.
  Drain(loop::Loop& loop, Acceptor& acceptor, Connections& connections, std::function<void()> done);
  ~Drain();
  Drain(const Drain&) = delete;
  Drain& operator=(const Drain&) = delete;

  // Connections are asked to finish, and listening sockets closed or, when they were removed, emptied; what is open
  // after `limit` is closed. A second call can only bring the end nearer. No limit: as long as it takes.
  void Start(std::optional<util::Duration> limit = std::nullopt);

  [[nodiscard]] State state() const { return state_; }

 private:
  [[nodiscard]] bool IsEmpty() const { return connections_.size() == 0 && acceptor_.listeners() == 0; }
  void FinishIfEmpty();
  void OnDeadline();

  Acceptor& acceptor_;        // outlives this
  Connections& connections_;  // outlives this
  std::function<void()> done_;
  State state_ = State::kServing;
  std::optional<util::TimePoint> deadline_;
  loop::Loop& loop_;  // outlives this
  loop::Timer deadline_timer_;
  loop::Timer done_timer_;
};

}  // namespace colmeia::worker
