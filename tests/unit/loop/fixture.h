// A loop for a test: events with a deadline instead of sleeps. Its destructor checks that every handle was closed.
#pragma once

#include <unistd.h>

#include <chrono>
#include <functional>

#include "gtest/gtest.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "support/deadline.h"

namespace colmeia::loop {

class LoopFixture : public ::testing::Test {
 protected:
  // Turns the loop until `done` says so; false when that takes longer than anything should.
  bool RunUntil(const std::function<bool()>& done) {
    bool expired = false;
    Timer deadline(loop, [&expired] { expired = true; });
    deadline.StartAfter(kTestDeadline);
    // A turn runs the timers that are due, then waits: what a timer did is seen at the next tick.
    Timer tick(loop, [] {});
    tick.StartEvery(std::chrono::milliseconds(1));
    while (!done() && !expired) loop.RunOnce();
    return done();
  }

  // Turns that do not wait.
  void Turn(int times) {
    for (int i = 0; i < times; ++i) loop.Turn();
  }

  Loop loop;
};

}  // namespace colmeia::loop
