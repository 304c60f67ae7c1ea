// The heap node of a libuv handle, for the .cc files of this folder only: the one header of ours that includes uv.h.
//
// libuv keeps pointers to a handle, so it never moves; what was initialised must be closed; and its memory is ours
// again only in the close callback. So an owner holds a Node { uv_x_t uv; callback } through a unique_ptr whose deleter
// is CloseNode(). After uv_close() libuv calls back no more but to free the node, and as the callback is part of the
// node, an owner may die inside its own callback.
#pragma once

#include <uv.h>

#include <cstdint>

#include "loop/loop.h"

namespace colmeia::loop {

// When a loop sleeps and when it works, for Loop::IdleTime(). libuv can measure that itself (UV_METRICS_IDLE_TIME), at
// the price of one more epoll_wait() in every turn that has to sleep. Here a hook stamps the time before each sleep,
// and whichever callback comes first after it ends the sleep. uv_loop_t's `data` leads here.
struct SleepMeter {
  uv_prepare_t prepare{};
  uv_check_t check{};
  bool asleep = false;
  std::uint64_t since_ns = 0;
  std::uint64_t total_ns = 0;

  void FallAsleep() noexcept {
    asleep = true;
    since_ns = uv_hrtime();
  }
  void Wake() noexcept {
    if (!asleep) return;
    asleep = false;
    total_ns += uv_hrtime() - since_ns;
  }
};

// The first line of every callback that the end of a sleep may lead to: descriptors, processes, and the hook after
// them. Timers are called after that hook.
inline void Awake(const uv_loop_t* loop) noexcept { static_cast<SleepMeter*>(loop->data)->Wake(); }

template <class Uv>
[[nodiscard]] inline uv_handle_t* AsHandle(Uv* uv) {
  return reinterpret_cast<uv_handle_t*>(uv);
}

// The node that a handle is part of.
template <class Node, class Uv>
[[nodiscard]] inline Node* NodeOf(const Uv* uv) {
  return static_cast<Node*>(uv->data);
}

// Closes the handle, and deletes the node once libuv has let go of it.
template <class Node>
void CloseNode(Node* node) noexcept {
  uv_close(AsHandle(&node->uv), [](uv_handle_t* handle) noexcept { delete NodeOf<Node>(handle); });
}

}  // namespace colmeia::loop
