// Loop: one event loop of libuv, the heart of every process of ours.
//
// Single-threaded: everything in this folder is called from the thread that runs the loop. The wrappers here (Timer,
// Poll, PollPool, AcceptPoll, Signals, Process, Work, PoolTask, hooks) are owners by RAII: each must be destroyed before
// its Loop, may be destroyed at any time, also inside its own callback, and calls back no more once it is gone.
//
// The callbacks of wrappers must not throw.
#pragma once

#include <chrono>
#include <memory>

#include "util/clock.h"

struct uv_loop_s;

namespace colmeia::loop {

class Loop final {
 public:
  // Without memory or descriptors for an epoll no process of ours can live: failure ends it.
  Loop();
  // Lets closed handles finish, and waits for work that its owner has left (work.h). A wrapper that is still alive is
  // our bug and ends the process.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Turns until Stop() is called or nothing is left that could call back. Hooks (hooks.h) alone do not keep it going.
  void Run();

  // One turn: runs the timers that are due, then waits for at least one event (RunOnce) or only takes those that are
  // there (Turn). True while something could still call back. For tests and for start-up sequences.
  bool RunOnce();
  bool Turn();

  // Ends Run() after the present turn. Before Run(), the next Run() ends at once.
  void Stop();

  // The time at which this turn began or last woke, in whole milliseconds, on the same clock as util::Now() and
  // never ahead of it. UpdateTime() asks the clock anew; needed only after long work within one turn.
  [[nodiscard]] util::TimePoint Now() const;
  void UpdateTime();

  // How long this loop has slept so far, the sleep that goes on not included. The rest of the time it worked.
  [[nodiscard]] std::chrono::nanoseconds IdleTime() const;

  // For the other files of this folder.
  [[nodiscard]] uv_loop_s* handle() const { return loop_.get(); }

 private:
  struct Deleter {
    void operator()(uv_loop_s* loop) const noexcept;
  };
  std::unique_ptr<uv_loop_s, Deleter> loop_;
};

}  // namespace colmeia::loop
