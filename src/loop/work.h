// Work: one function that runs on libuv's pool of threads, and the news on the loop's thread that it has ended.
//
// For what would keep a loop from turning: computing, or a call that blocks. The pool has four threads
// (UV_THREADPOOL_SIZE) for the whole process; what finds them all taken waits in line.
#pragma once

#include <functional>

#include "loop/loop.h"

namespace colmeia::loop {

class Work final {
 public:
  // `function` begins at some time on another thread, so it owns what it touches or shares it safely; it must not
  // throw. `done` is called on the loop's thread afterwards; it may destroy this. `loop` must outlive this.
  Work(Loop& loop, std::function<void()> function, std::function<void()> done);

  // `done` is not called any more. A function that has not begun never will; one that runs is left to end, and the
  // Loop's destructor waits for it.
  ~Work();
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  // Whether `done` is still to be called.
  [[nodiscard]] bool active() const { return node_ != nullptr; }

 private:
  struct Node;
  Node* node_;  // frees itself once libuv has let go of it
};

}  // namespace colmeia::loop
