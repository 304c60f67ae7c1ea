// Timer: calls back once at a time point, or again and again at an interval.
//
// Resolution is one millisecond; a timer never fires before its time. Timeouts of many connections belong into one
// list with one timer, not into one timer each.
#pragma once

#include <functional>
#include <memory>

#include "loop/loop.h"
#include "util/clock.h"

namespace colmeia::loop {

class Timer final {
 public:
  // `loop` must outlive this. The callback may start, stop or destroy this timer.
  Timer(Loop& loop, std::function<void()> callback);

  // Each replaces what was started before. A time point that has passed fires within a millisecond. Delays count from
  // Loop::Now(). StartEvery waits one interval first, and missed intervals are not made up for.
  void StartAt(util::TimePoint when);
  void StartAfter(util::Duration delay);
  void StartEvery(util::Duration interval);
  void Stop();

  // Will call back. A one-shot timer is inactive from the moment its callback begins.
  [[nodiscard]] bool active() const;

 private:
  struct Node;
  struct Closer {
    void operator()(Node* node) const noexcept;
  };
  std::unique_ptr<Node, Closer> node_;
};

}  // namespace colmeia::loop
