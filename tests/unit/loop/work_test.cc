#include "loop/work.h"

#include <atomic>
#include <memory>
#include <semaphore>
#include <thread>
#include <vector>

#include "loop/fixture.h"

namespace colmeia::loop {
namespace {

class WorkTest : public LoopFixture {};

TEST_F(WorkTest, RunsElsewhereAndReportsOnTheLoopsThread) {
  std::thread::id ran;
  std::thread::id reported;
  const Work work(
      loop, [&] { ran = std::this_thread::get_id(); }, [&] { reported = std::this_thread::get_id(); });
  EXPECT_TRUE(work.active());

  loop.Run();

  EXPECT_EQ(reported, std::this_thread::get_id());
  EXPECT_NE(ran, std::thread::id());
  EXPECT_NE(ran, reported);
  EXPECT_FALSE(work.active());
}

TEST_F(WorkTest, LeavesTheLoopFreeToTurn) {
  std::binary_semaphore may_end(0);
  bool ended = false;
  const Work work(
      loop, [&] { may_end.acquire(); }, [&] { ended = true; });
  int ticks = 0;
  std::unique_ptr<Timer> timer = std::make_unique<Timer>(loop, [&] {
    if (++ticks < 3) return;
    timer->Stop();
    may_end.release();
  });
  timer->StartEvery(std::chrono::milliseconds(1));

  loop.Run();

  EXPECT_TRUE(ended);
  EXPECT_EQ(ticks, 3);
}

TEST_F(WorkTest, MayBeDestroyedInItsCallback) {
  int calls = 0;
  std::unique_ptr<Work> work;
  work = std::make_unique<Work>(
      loop, [] {},
      [&calls, &work] {
        work.reset();
        ++calls;  // the callback's own captures are still there
      });

  loop.Run();

  EXPECT_EQ(calls, 1);
}

TEST_F(WorkTest, AnAbandonedFunctionEndsBeforeItsLoopDoesAndReportsToNobody) {
  std::atomic<bool> ended{false};
  std::binary_semaphore begun(0);
  std::binary_semaphore may_end(0);
  bool reported = false;
  std::thread releaser;
  {
    Loop own;
    auto work = std::make_unique<Work>(
        own,
        [&] {
          begun.release();
          may_end.acquire();
          ended = true;
        },
        [&] { reported = true; });
    begun.acquire();
    work.reset();
    releaser = std::thread([&] { may_end.release(); });
  }

  EXPECT_TRUE(ended);
  EXPECT_FALSE(reported);
  releaser.join();
}

TEST_F(WorkTest, WhatHasNotBegunNeverWillOnceItIsAbandoned) {
  constexpr int kMoreThanThePoolHasThreads = 1024;  // libuv's most
  std::counting_semaphore<> may_end(0);
  std::atomic<int> begun{0};
  std::vector<std::unique_ptr<Work>> blocking;
  for (int i = 0; i < kMoreThanThePoolHasThreads; ++i) {
    blocking.push_back(std::make_unique<Work>(
        loop, [&] { may_end.acquire(); }, [] {}));
  }
  auto late = std::make_unique<Work>(
      loop, [&] { ++begun; }, [] {});

  late.reset();
  may_end.release(kMoreThanThePoolHasThreads);
  loop.Run();

  EXPECT_EQ(begun, 0);
}

}  // namespace
}  // namespace colmeia::loop
