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
  auto* const meter = new SleepMeter;
  loop_->data = meter;
  CHECK(uv_prepare_init(loop_.get(), &meter->prepare) == 0);
  CHECK(uv_check_init(loop_.get(), &meter->check) == 0);
  // The hook that was started first is called last, so this one is the nearest to the sleep.
  const auto fall_asleep = [](uv_prepare_t* uv) noexcept { static_cast<SleepMeter*>(uv->loop->data)->FallAsleep(); };
  CHECK(uv_prepare_start(&meter->prepare, fall_asleep) == 0);
  CHECK(uv_check_start(&meter->check, [](uv_check_t* uv) noexcept { Awake(uv->loop); }) == 0);
  uv_unref(AsHandle(&meter->prepare));
  uv_unref(AsHandle(&meter->check));
}

Loop::~Loop() = default;

void Loop::Deleter::operator()(uv_loop_s* loop) const noexcept {
  auto* const meter = static_cast<SleepMeter*>(loop->data);
  uv_close(AsHandle(&meter->prepare), nullptr);
  uv_close(AsHandle(&meter->check), nullptr);
  // Work that still runs on the pool (loop/work.h) refers to this loop.
  while (loop->active_reqs.count > 0) uv_run(loop, UV_RUN_ONCE);
  int result = uv_loop_close(loop);
  for (int turn = 0; result == UV_EBUSY && turn < kClosingTurns; ++turn) {
    uv_run(loop, UV_RUN_NOWAIT);
    result = uv_loop_close(loop);
  }
  if (result != 0) uv_print_all_handles(loop, stderr);
  const bool every_wrapper_was_destroyed_before_its_loop = result == 0;
  CHECK(every_wrapper_was_destroyed_before_its_loop);
  delete meter;
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

std::chrono::nanoseconds Loop::IdleTime() const {
  return std::chrono::nanoseconds(static_cast<const SleepMeter*>(loop_->data)->total_ns);
}

}  // namespace colmeia::loop
