#include "loop/accept_poll.h"

#include <sys/epoll.h>

#include <cerrno>
#include <utility>

#include "loop/node.h"
#include "util/check.h"

namespace colmeia::loop {

struct AcceptPoll::Node {
  uv_poll_t poll{};
  uv_idle_t idle{};  // active while registering: keeps the loop from sleeping, and calls back once a turn
  int open = 0;      // handles that libuv still knows
  int fd = -1;
  State state = State::kRegistering;
  std::shared_ptr<const Callback> callback;

  void Closed() noexcept {
    if (--open == 0) delete this;
  }

  [[nodiscard]] int Epoll() const { return uv_backend_fd(poll.loop); }

  // Removes libuv's registration. False when there is none yet.
  [[nodiscard]] bool Delete() const {
    epoll_event ignored{};
    if (epoll_ctl(Epoll(), EPOLL_CTL_DEL, fd, &ignored) == 0) return true;
    CHECK(errno == ENOENT);
    return false;
  }

  // libuv finds the watcher of an event by data.fd, whatever the flags of the registration are.
  void Add() {
    epoll_event event{};
    event.data.fd = fd;
    event.events = EPOLLIN | EPOLLEXCLUSIVE;
    if (epoll_ctl(Epoll(), EPOLL_CTL_ADD, fd, &event) == 0) {
      state = State::kExclusive;
      return;
    }
    event.events = EPOLLIN;
    const bool can_be_polled = epoll_ctl(Epoll(), EPOLL_CTL_ADD, fd, &event) == 0;
    CHECK(can_be_polled);
    state = State::kPlain;
  }

  // libuv adds the descriptor when it next waits for events. Adding it before would make libuv abort.
  void Register() {
    if (!Delete()) return;
    Add();
    uv_idle_stop(&idle);
  }
};

void AcceptPoll::Closer::operator()(Node* node) const noexcept {
  uv_close(AsHandle(&node->idle), [](uv_handle_t* handle) noexcept { NodeOf<Node>(handle)->Closed(); });
  uv_close(AsHandle(&node->poll), [](uv_handle_t* handle) noexcept { NodeOf<Node>(handle)->Closed(); });
}

AcceptPoll::AcceptPoll(Loop& loop, int listen_fd, Callback callback)
    : loop_(loop), fd_(listen_fd), callback_(std::make_shared<const Callback>(std::move(callback))) {}

void AcceptPoll::Start() {
  if (node_ != nullptr && node_->state != State::kStopped) return;
  auto node = std::make_unique<Node>();
  node_.reset();
  const bool can_be_polled = uv_poll_init(loop_.handle(), &node->poll, fd_) == 0;
  CHECK(can_be_polled);
  CHECK(uv_idle_init(loop_.handle(), &node->idle) == 0);
  node->poll.data = node.get();
  node->idle.data = node.get();
  node->open = 2;
  node->fd = fd_;
  node->callback = callback_;
  node_.reset(node.release());

  const auto call = [](uv_poll_t* uv, int status, int) noexcept {
    Awake(uv->loop);
    Node* const called = NodeOf<Node>(uv);
    if (status < 0) {
      // EPOLLERR: libuv has stopped waiting. The callback's accept4() returns the error.
      called->state = State::kStopped;
      uv_idle_stop(&called->idle);
      uv_poll_stop(uv);
    }
    (*called->callback)();
  };
  const bool nobody_else_polls_this_descriptor = uv_poll_start(&node_->poll, UV_READABLE, call) == 0;
  CHECK(nobody_else_polls_this_descriptor);
  CHECK(uv_idle_start(&node_->idle, [](uv_idle_t* uv) noexcept { NodeOf<Node>(uv)->Register(); }) == 0);
}

void AcceptPoll::Stop() { node_.reset(); }

void AcceptPoll::Requeue() {
  Rest();
  if (state() == State::kResting) node_->Add();
}

void AcceptPoll::Rest() {
  if (state() != State::kExclusive) return;
  const bool was_registered = node_->Delete();
  CHECK(was_registered);
  node_->state = State::kResting;
}

AcceptPoll::State AcceptPoll::state() const { return node_ == nullptr ? State::kStopped : node_->state; }

}  // namespace colmeia::loop
