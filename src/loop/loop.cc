#include "loop/loop.h"

#include <cstdio>

#include "loop/node.h"
#include "util/check.h"

namespace colmeia::loop {

namespace {

// Turns that closing may take: the close callback of a node may destroy owners of other nodes.
constexpr int kClosingTurns = 16;

}  // namespace

Loop::Loop() : loop_(new uv_loop_t) {
  const bool initialised = uv_loop_init(loop_.get()) == 0;
  CHECK(initialised);
  uv_loop_configure(loop_.get(), UV_METRICS_IDLE_TIME);
}

Loop::~Loop() = default;

void Loop::Deleter::operator()(uv_loop_s* loop) const noexcept {
  int result = uv_loop_close(loop);
  for (int turn = 0; result == UV_EBUSY && turn < kClosingTurns; ++turn) {
    uv_run(loop, UV_RUN_NOWAIT);
    result = uv_loop_close(loop);
  }
  if (result != 0) uv_print_all_handles(loop, stderr);
  const bool every_wrapper_was_destroyed_before_its_loop = result == 0;
  CHECK(every_wrapper_was_destroyed_before_its_loop);
  delete loop;
}

void Loop::Run() { uv_run(loop_.get(), UV_RUN_DEFAULT); }

bool Loop::RunOnce() { return uv_run(loop_.get(), UV_RUN_ONCE) != 0; }

bool Loop::Turn() { return uv_run(loop_.get(), UV_RUN_NOWAIT) != 0; }

void Loop::Stop() { uv_stop(loop_.get()); }

util::TimePoint Loop::Now() const {
  // libuv counts CLOCK_MONOTONIC, as steady_clock does.
  return util::TimePoint(std::chrono::milliseconds(uv_now(loop_.get())));
}

void Loop::UpdateTime() { uv_update_time(loop_.get()); }

std::chrono::nanoseconds Loop::IdleTime() const { return std::chrono::nanoseconds(uv_metrics_idle_time(loop_.get())); }

int Loop::BackendFd() const { return uv_backend_fd(loop_.get()); }

}  // namespace colmeia::loop
