#include "loop/poll.h"

#include <utility>

#include "loop/node.h"
#include "util/check.h"

namespace colmeia::loop {

static_assert(int{kReadable} == int{UV_READABLE} && int{kWritable} == int{UV_WRITABLE} &&
              int{kDisconnect} == int{UV_DISCONNECT});

struct Poll::Node {
  uv_poll_t uv{};
  std::shared_ptr<const Callback> callback;
  int events = 0;  // what libuv waits for; 0 after an error
};

void Poll::Closer::operator()(Node* node) const noexcept { CloseNode(node); }

Poll::Poll(Loop& loop, int fd, Callback callback)
    : loop_(loop), fd_(fd), callback_(std::make_shared<const Callback>(std::move(callback))) {}

void Poll::Start(int events) {
  if (events == 0) return Stop();
  if (events == this->events()) return;
  if (node_ == nullptr) {
    auto node = std::make_unique<Node>();
    const bool can_be_polled = uv_poll_init(loop_.handle(), &node->uv, fd_) == 0;
    CHECK(can_be_polled);
    node->uv.data = node.get();
    node->callback = callback_;
    node_.reset(node.release());
  }
  node_->events = events;
  const auto call = [](uv_poll_t* uv, int status, int happened) noexcept {
    Awake(uv->loop);
    Node* const node = NodeOf<Node>(uv);
    if (status < 0) {
      // EPOLLERR: libuv has stopped waiting, but epoll still knows the descriptor until it is told.
      happened = std::exchange(node->events, 0);
      uv_poll_stop(uv);
    }
    (*node->callback)(happened);
  };
  const bool nobody_else_polls_this_descriptor = uv_poll_start(&node_->uv, events, call) == 0;
  CHECK(nobody_else_polls_this_descriptor);
}

void Poll::Stop() {
  // Closed rather than stopped: a stopped handle would, when closed later, take the number away from whoever has it
  // then.
  node_.reset();
}

int Poll::events() const { return node_ == nullptr ? 0 : node_->events; }

}  // namespace colmeia::loop
