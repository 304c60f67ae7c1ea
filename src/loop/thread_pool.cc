#include "loop/thread_pool.h"

#include <algorithm>
#include <csignal>
#include <system_error>
#include <utility>

#include "loop/node.h"
#include "util/check.h"

namespace colmeia::loop {

// Lives until both sides have let go of it.
struct ThreadPool::Job {
  std::function<void()> function;  // of the thread, once it has begun
  std::function<void()> done;      // of the loop's thread, as is `task`
  PoolTask* task = nullptr;        // null once its owner wants to hear nothing more
};

struct ThreadPool::Node {
  uv_async_t uv{};
  ThreadPool* pool = nullptr;
};

void ThreadPool::Closer::operator()(Node* node) const noexcept { CloseNode(node); }

ThreadPool::ThreadPool(Loop& loop, std::size_t threads, std::size_t max_queue)
    : most_threads_(threads), max_queue_(max_queue), node_(new Node) {
  node_->uv.data = node_.get();
  node_->pool = this;
  const auto on_ended = [](uv_async_t* uv) noexcept {
    Awake(uv->loop);
    NodeOf<Node>(uv)->pool->OnEnded();
  };
  CHECK(uv_async_init(loop.handle(), &node_->uv, on_ended) == 0);
  HoldLoop();
}

ThreadPool::~ThreadPool() {
  CHECK(active_ == 0);
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

std::size_t ThreadPool::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

// The loop goes on while something is to be told, and not for the pool's sake alone.
void ThreadPool::HoldLoop() {
  if (active_ > 0) {
    uv_ref(AsHandle(&node_->uv));
  } else {
    uv_unref(AsHandle(&node_->uv));
  }
}

bool ThreadPool::Post(const std::shared_ptr<Job>& job) {
  {
    const std::lock_guard lock(mutex_);
    // As nginx counts: those for which there is a thread do not wait.
    if (queue_.size() + busy_ >= most_threads_ + max_queue_) return false;
    queue_.push_back(job);
    if (queue_.size() + busy_ > threads_.size() && threads_.size() < most_threads_) StartThread();
  }
  changed_.notify_one();
  ++active_;
  HoldLoop();
  return true;
}

// One more, with the lock held. The system may have none left: then others take turns.
void ThreadPool::StartThread() {
  // Signals are for the loop's thread.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    threads_.emplace_back([this] { RunJobs(); });
  } catch (const std::system_error&) {
    const bool has_others = !threads_.empty();
    CHECK(has_others);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void ThreadPool::RunJobs() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    std::shared_ptr<Job> job = std::move(queue_.front());
    queue_.pop_front();
    ++busy_;
    lock.unlock();
    job->function();
    job->function = nullptr;  // what it owns ends here
    lock.lock();
    --busy_;
    ended_.push_back(std::move(job));
    uv_async_send(&node_->uv);
  }
}

void ThreadPool::OnEnded() {
  std::vector<std::shared_ptr<Job>> ended;
  {
    const std::lock_guard lock(mutex_);
    ended.swap(ended_);
  }
  // A callback may destroy other tasks, and the pool with the last one.
  for (const std::shared_ptr<Job>& job : ended) {
    if (job->task == nullptr) continue;
    job->task->job_ = nullptr;
    --active_;
    HoldLoop();
    const std::function<void()> done = std::move(job->done);
    done();
  }
}

void ThreadPool::Withdraw(const std::shared_ptr<Job>& job) {
  job->task = nullptr;
  std::shared_ptr<Job> dropped;
  {
    const std::lock_guard lock(mutex_);
    const auto at = std::find(queue_.begin(), queue_.end(), job);
    if (at != queue_.end()) {
      dropped = std::move(*at);
      queue_.erase(at);
    }
  }
  --active_;
  HoldLoop();
}

PoolTask::PoolTask(ThreadPool& pool, std::function<void()> function, std::function<void()> done) : pool_(pool) {
  auto job = std::make_shared<ThreadPool::Job>();
  job->function = std::move(function);
  job->done = std::move(done);
  job->task = this;
  if (pool.Post(job)) job_ = std::move(job);
}

PoolTask::~PoolTask() {
  if (job_ != nullptr) pool_.Withdraw(job_);
}

}  // namespace colmeia::loop
