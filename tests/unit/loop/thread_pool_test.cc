#include "loop/thread_pool.h"

#include <atomic>
#include <memory>
#include <optional>
#include <semaphore>
#include <thread>
#include <vector>

#include "loop/fixture.h"

namespace colmeia::loop {
namespace {

class ThreadPoolTest : public LoopFixture {};

// A function that stands still until it may go on.
struct Gate {
  std::counting_semaphore<> begun{0};
  std::counting_semaphore<> open{0};
  void Pass() {
    begun.release();
    open.acquire();
  }
};

TEST_F(ThreadPoolTest, RunsElsewhereAndReportsOnTheLoopsThread) {
  ThreadPool pool(loop, 1, 10);
  EXPECT_EQ(pool.threads(), 0u) << "one starts when it is needed";
  std::thread::id ran;
  std::thread::id reported;
  const PoolTask task(
      pool, [&] { ran = std::this_thread::get_id(); }, [&] { reported = std::this_thread::get_id(); });
  EXPECT_TRUE(task.active());

  loop.Run();

  EXPECT_EQ(reported, std::this_thread::get_id());
  EXPECT_NE(ran, std::thread::id());
  EXPECT_NE(ran, reported);
  EXPECT_FALSE(task.active());
  EXPECT_EQ(pool.threads(), 1u);
}

TEST_F(ThreadPoolTest, DoesNotKeepAnIdleLoopGoing) {
  const ThreadPool pool(loop, 1, 10);

  loop.Run();
}

TEST_F(ThreadPoolTest, HasSoManyThreadsAndNoMore) {
  ThreadPool pool(loop, 2, 10);
  Gate gate;
  std::vector<std::unique_ptr<PoolTask>> tasks;
  int done = 0;
  for (int i = 0; i < 5; ++i) {
    tasks.push_back(std::make_unique<PoolTask>(
        pool, [&] { gate.Pass(); }, [&] { ++done; }));
  }
  gate.begun.acquire();
  gate.begun.acquire();

  EXPECT_EQ(pool.threads(), 2u);
  EXPECT_EQ(pool.waiting(), 3u);
  EXPECT_FALSE(gate.begun.try_acquire());
  gate.open.release(5);
  loop.Run();

  EXPECT_EQ(done, 5);
  EXPECT_EQ(pool.threads(), 2u);
}

TEST_F(ThreadPoolTest, UsesAThreadAgain) {
  ThreadPool pool(loop, 8, 10);
  for (int i = 0; i < 5; ++i) {
    const PoolTask task(
        pool, [] {}, [] {});
    loop.Run();
  }

  EXPECT_EQ(pool.threads(), 1u);
}

TEST_F(ThreadPoolTest, PostsNothingWhenTheQueueIsFull) {
  ThreadPool pool(loop, 1, 1);
  Gate gate;
  int done = 0;
  const PoolTask runs(
      pool, [&] { gate.Pass(); }, [&] { ++done; });
  const PoolTask waits(
      pool, [] {}, [&] { ++done; });
  const PoolTask refused(
      pool, [] {}, [&] { done += 100; });

  EXPECT_TRUE(runs.active());
  EXPECT_TRUE(waits.active());
  EXPECT_FALSE(refused.active());
  gate.open.release();
  loop.Run();
  EXPECT_EQ(done, 2);
}

TEST_F(ThreadPoolTest, WithoutAQueueThereIsOneForEachThread) {
  ThreadPool pool(loop, 2, 0);
  Gate gate;
  const PoolTask first(
      pool, [&] { gate.Pass(); }, [] {});
  const PoolTask second(
      pool, [&] { gate.Pass(); }, [] {});
  const PoolTask third(
      pool, [] {}, [] {});

  EXPECT_TRUE(first.active());
  EXPECT_TRUE(second.active());
  EXPECT_FALSE(third.active());
  gate.open.release(2);
  loop.Run();
}

TEST_F(ThreadPoolTest, WhatIsDestroyedBeforeItBeginsNeverDoes) {
  ThreadPool pool(loop, 1, 10);
  Gate gate;
  std::atomic<bool> ran = false;
  const auto held = std::make_shared<int>(0);
  const PoolTask runs(
      pool, [&] { gate.Pass(); }, [] {});
  gate.begun.acquire();
  {
    const PoolTask waits(
        pool, [&ran, held] { ran = true; }, [] {});
    EXPECT_EQ(pool.waiting(), 1u);
  }
  EXPECT_EQ(pool.waiting(), 0u);
  EXPECT_EQ(held.use_count(), 1) << "what it owned is free";
  gate.open.release();
  loop.Run();

  EXPECT_FALSE(ran);
}

TEST_F(ThreadPoolTest, WhatIsDestroyedWhileItRunsEndsUnheard) {
  std::atomic<bool> ended = false;
  bool told = false;
  {
    ThreadPool pool(loop, 1, 10);
    Gate gate;
    {
      const PoolTask task(
          pool,
          [&] {
            gate.Pass();
            ended = true;
          },
          [&] { told = true; });
      gate.begun.acquire();
    }
    gate.open.release();
  }  // waits for it

  EXPECT_TRUE(ended);
  loop.Run();
  EXPECT_FALSE(told);
}

TEST_F(ThreadPoolTest, ACallbackMayDestroyItsTaskAndOthersThatHaveEnded) {
  ThreadPool pool(loop, 1, 10);
  std::vector<std::unique_ptr<PoolTask>> tasks;
  std::counting_semaphore<> ended(0);
  int calls = 0;
  for (int i = 0; i < 2; ++i) {
    tasks.push_back(std::make_unique<PoolTask>(
        pool, [&] { ended.release(); },
        [&calls, &tasks] {
          ++calls;
          tasks.clear();
        }));
  }
  ended.acquire();
  ended.acquire();

  loop.Run();

  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(tasks.empty());
}

TEST_F(ThreadPoolTest, ACallbackMayPostAnother) {
  ThreadPool pool(loop, 1, 0);
  std::optional<PoolTask> second;
  bool done = false;
  const PoolTask first(
      pool, [] {},
      [&] {
        second.emplace(
            pool, [] {}, [&] { done = true; });
      });

  loop.Run();

  EXPECT_TRUE(done);
}

}  // namespace
}  // namespace colmeia::loop
