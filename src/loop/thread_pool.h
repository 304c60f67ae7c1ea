// ThreadPool: threads that run functions which block, and the news of their end on the loop's thread. PoolTask is one
// such function.
//
// libuv's own pool (work.h) is for what computes a while: it has four threads for the whole process. Here an operator
// says how many threads may stand still at the same time, and how many functions may wait for one, as with nginx's
// thread_pool. Threads start when they are needed, and stay.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "loop/loop.h"

namespace colmeia::loop {

class PoolTask;

class ThreadPool final {
 public:
  // `loop` must outlive this. REQUIRES: threads > 0.
  ThreadPool(Loop& loop, std::size_t threads, std::size_t max_queue);
  // Functions that run are waited for. REQUIRES: no PoolTask is active.
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Functions that wait for a thread.
  [[nodiscard]] std::size_t waiting() const;
  // Threads that have been started.
  [[nodiscard]] std::size_t threads() const { return threads_.size(); }

 private:
  friend class PoolTask;
  struct Job;
  struct Node;
  struct Closer {
    void operator()(Node* node) const noexcept;
  };

  [[nodiscard]] bool Post(const std::shared_ptr<Job>& job);
  void Withdraw(const std::shared_ptr<Job>& job);
  void StartThread();
  void RunJobs();
  void OnEnded();
  void HoldLoop();

  const std::size_t most_threads_;
  const std::size_t max_queue_;
  std::unique_ptr<Node, Closer> node_;
  std::vector<std::thread> threads_;
  std::size_t active_ = 0;  // tasks whose end is still to be told

  // Between the threads.
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Job>> queue_;
  std::vector<std::shared_ptr<Job>> ended_;
  std::size_t busy_ = 0;  // threads that run a job
  bool stopping_ = false;
};

class PoolTask final {
 public:
  // `function` begins at some time on another thread, so it owns what it touches or shares it safely; it must not
  // throw. `done` is called on the loop's thread afterwards; it may destroy this. Where the pool's queue is full,
  // nothing is posted: ask active().
  PoolTask(ThreadPool& pool, std::function<void()> function, std::function<void()> done);
  // `done` is not called any more. A function that has not begun never will; one that runs is left to end.
  ~PoolTask();
  PoolTask(const PoolTask&) = delete;
  PoolTask& operator=(const PoolTask&) = delete;

  // Whether `done` is still to be called.
  [[nodiscard]] bool active() const { return job_ != nullptr; }

 private:
  friend class ThreadPool;

  ThreadPool& pool_;
  std::shared_ptr<ThreadPool::Job> job_;
};

}  // namespace colmeia::loop
