// BeforeSleep and AfterWake: a word in every turn of the loop, just before it waits for events and just after the
// events were handled.
//
// They call back in every turn until destroyed, and do not keep Loop::Run() going. Several of one kind are called in
// no promised order.
#pragma once

#include <functional>
#include <memory>

#include "loop/loop.h"

namespace colmeia::loop {

class BeforeSleep final {
 public:
  // `loop` must outlive this. The callback may destroy this.
  BeforeSleep(Loop& loop, std::function<void()> callback);

 private:
  struct Node;
  struct Closer {
    void operator()(Node* node) const noexcept;
  };
  std::unique_ptr<Node, Closer> node_;
};

// After the sleep and after the callbacks of all descriptors of this turn (libuv has no moment between the two).
class AfterWake final {
 public:
  // `loop` must outlive this. The callback may destroy this.
  AfterWake(Loop& loop, std::function<void()> callback);

 private:
  struct Node;
  struct Closer {
    void operator()(Node* node) const noexcept;
  };
  std::unique_ptr<Node, Closer> node_;
};

}  // namespace colmeia::loop
