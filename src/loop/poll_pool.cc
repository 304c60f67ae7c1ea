#include "loop/poll_pool.h"

#include <utility>

#include "loop/node.h"
#include "util/check.h"

namespace colmeia::loop {

struct PollPool::Node {
  uv_poll_t uv{};
  PollPool* pool = nullptr;  // valid while listener is: the pool outlives what it calls back
  PollListener* listener = nullptr;
  int events = 0;  // what libuv waits for; 0 when stopped and after an error
};

void PollPool::Closer::operator()(Node* node) const noexcept { CloseNode(node); }

PollPool::PollPool(Loop& loop) : loop_(loop) {}

PollPool::~PollPool() = default;

PollPool::Node* PollPool::Find(int fd) const {
  const auto at = static_cast<std::size_t>(fd);
  return at < nodes_.size() ? nodes_[at].get() : nullptr;
}

PollPool::Node* PollPool::FindOrOpen(int fd) {
  if (Node* const known = Find(fd)) return known;
  CHECK(fd >= 0);
  auto node = std::make_unique<Node>();
  // It tries the descriptor on the epoll, so that a lack of memory shows here, where it can be told, and not in the
  // loop, where libuv aborts.
  if (uv_poll_init(loop_.handle(), &node->uv, fd) != 0) return nullptr;
  node->uv.data = node.get();
  node->pool = this;
  const auto at = static_cast<std::size_t>(fd);
  if (at >= nodes_.size()) nodes_.resize(at + 1);
  nodes_[at].reset(node.release());
  ++kept_;
  return nodes_[at].get();
}

bool PollPool::Start(int fd, int events, PollListener* listener) {
  if (events == 0) {
    Stop(fd);
    return true;
  }
  Node* const node = FindOrOpen(fd);
  if (node == nullptr) return false;
  node->listener = listener;
  if (node->events == events) return true;
  if (node->events == 0) ++active_;
  node->events = events;
  const auto call = [](uv_poll_t* uv, int status, int happened) noexcept {
    Awake(uv->loop);
    Node* const called = NodeOf<Node>(uv);
    if (status < 0) {
      // EPOLLERR: libuv has stopped waiting, but epoll still knows the descriptor until it is told.
      happened = std::exchange(called->events, 0);
      --called->pool->active_;
      uv_poll_stop(uv);
    }
    called->listener->OnPoll(happened);
  };
  const bool nobody_else_polls_this_descriptor = uv_poll_start(&node->uv, events, call) == 0;
  CHECK(nobody_else_polls_this_descriptor);
  return true;
}

void PollPool::Stop(int fd) {
  Node* const node = Find(fd);
  if (node == nullptr) return;
  node->listener = nullptr;
  if (node->events == 0) return;
  node->events = 0;
  --active_;
  uv_poll_stop(&node->uv);
}

}  // namespace colmeia::loop
