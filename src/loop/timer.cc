#include "loop/timer.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "loop/node.h"
#include "util/check.h"

namespace colmeia::loop {

struct Timer::Node {
  uv_timer_t uv{};
  std::function<void()> callback;
};

void Timer::Closer::operator()(Node* node) const noexcept { CloseNode(node); }

namespace {

// Rounded up, so that nothing fires early. At least one: libuv runs a timer of zero that is started inside a timer's
// callback in the same pass, and one that does so always would never let the loop go on.
std::uint64_t ToMilliseconds(util::Duration delay) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(1, std::chrono::ceil<util::Milliseconds>(delay).count()));
}

}  // namespace

Timer::Timer(Loop& loop, std::function<void()> callback) : node_(new Node) {
  CHECK(uv_timer_init(loop.handle(), &node_->uv) == 0);
  node_->uv.data = node_.get();
  node_->callback = std::move(callback);
}

void Timer::StartAt(util::TimePoint when) {
  const util::TimePoint now{std::chrono::milliseconds(uv_now(node_->uv.loop))};
  StartAfter(when <= now ? util::Duration::zero() : when - now);
}

void Timer::StartAfter(util::Duration delay) {
  const auto call = [](uv_timer_t* uv) noexcept { NodeOf<Node>(uv)->callback(); };
  CHECK(uv_timer_start(&node_->uv, call, ToMilliseconds(delay), 0) == 0);
}

void Timer::StartEvery(util::Duration interval) {
  const auto call = [](uv_timer_t* uv) noexcept { NodeOf<Node>(uv)->callback(); };
  const std::uint64_t milliseconds = ToMilliseconds(interval);
  CHECK(uv_timer_start(&node_->uv, call, milliseconds, milliseconds) == 0);
}

void Timer::Stop() { uv_timer_stop(&node_->uv); }

bool Timer::active() const { return uv_is_active(AsHandle(&node_->uv)) != 0; }

}  // namespace colmeia::loop
