// Messages between master and worker: values to bytes and back.

#include <benchmark/benchmark.h>

#include <string>

#include "ipc/codec.h"
#include "ipc/frame.h"
#include "ipc/messages.h"
#include "ipc/plan.h"

namespace colmeia::bench {
namespace {

ipc::Message Adoption() {
  ipc::Identity identity;
  identity.user = "nobody";
  identity.groups = {65534};
  return ipc::Adopt{
      .generation = 7, .slot = 3, .seat = 1, .seats = 8, .listeners = 2, .logs = 3, .identity = ipc::Encode(identity)};
}

void EncodeFrame(benchmark::State& state, const ipc::Message& message) {
  for (auto _ : state) benchmark::DoNotOptimize(ipc::EncodeFrame(message, 17, 4));
}
BENCHMARK_CAPTURE(EncodeFrame, ready, ipc::Ready{});
BENCHMARK_CAPTURE(EncodeFrame, adopt, Adoption());

void DecodeFrame(benchmark::State& state, const ipc::Message& message) {
  const std::string bytes = ipc::EncodeFrame(message, 17, 4);
  for (auto _ : state) benchmark::DoNotOptimize(ipc::DecodeFrame(bytes));
}
BENCHMARK_CAPTURE(DecodeFrame, ready, ipc::Ready{});
BENCHMARK_CAPTURE(DecodeFrame, adopt, Adoption());

void Describe(benchmark::State& state, const ipc::Message& message) {
  for (auto _ : state) benchmark::DoNotOptimize(ipc::Describe(message));
}
BENCHMARK_CAPTURE(Describe, adopt, Adoption());

// A plan with many listeners, as a compiler child hands it to the master.
void PlanThereAndBack(benchmark::State& state) {
  ipc::Plan plan;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    plan.listeners.push_back({.name = "127.0.0.1:" + std::to_string(i), .address = std::string(16, 'a')});
  }
  for (auto _ : state) {
    ipc::Plan back;
    if (!ipc::Decode(ipc::Encode(plan), back)) return state.SkipWithError("the plan does not come back");
    benchmark::DoNotOptimize(back);
  }
}
BENCHMARK(PlanThereAndBack)->ArgName("listeners")->RangeMultiplier(10)->Range(1, 1000);

}  // namespace
}  // namespace colmeia::bench
