// What a worker remembers of files.

#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "files/store.h"
#include "micro/desk.h"

namespace colmeia::bench {
namespace {

std::vector<std::string> Plant(const Folder& folder, std::int64_t count) {
  std::vector<std::string> paths;
  for (std::int64_t i = 0; i < count; ++i) paths.push_back(folder.Write("file" + std::to_string(i) + ".html", 1024));
  return paths;
}

// Asks for each path in turn.
void OpenInTurn(benchmark::State& state, files::Query query) {
  const Folder folder;
  const std::vector<std::string> paths = Plant(folder, state.range(0));
  files::Store store;
  query.now = util::TimePoint{} + std::chrono::hours(1);
  std::size_t next = 0;
  for (auto _ : state) {
    ++query.moment;
    benchmark::DoNotOptimize(store.Open(paths[next], query));
    if (++next == paths.size()) next = 0;
  }
}

// Always fresh: each look asks the kernel once.
void OpenFresh(benchmark::State& state) { OpenInTurn(state, {.moment = 1}); }
BENCHMARK(OpenFresh)->ArgName("files")->Arg(1)->Arg(1000)->Arg(10000);

// open_file_cache: nothing is asked within `valid`.
void OpenCached(benchmark::State& state) {
  const files::CacheRules rules{.cache = std::make_shared<files::CacheSpec>(files::CacheSpec{.max = 20000})};
  OpenInTurn(state, {.moment = 1, .rules = &rules});
}
BENCHMARK(OpenCached)->ArgName("files")->Arg(1)->Arg(1000)->Arg(10000);

// More files than the cache has places, asked for in turn: every look misses, and something has to go.
void OpenCachedTooSmall(benchmark::State& state) {
  const files::CacheRules rules{.cache = std::make_shared<files::CacheSpec>(files::CacheSpec{.max = 100})};
  OpenInTurn(state, {.moment = 1, .rules = &rules});
}
BENCHMARK(OpenCachedTooSmall)->ArgName("files")->Arg(1000);

void OpenMissing(benchmark::State& state) {
  const Folder folder;
  const std::string path = folder.path() + "/missing.html";
  files::Store store;
  files::Query query{.moment = 1};
  for (auto _ : state) {
    ++query.moment;
    benchmark::DoNotOptimize(store.Open(path, query));
  }
}
BENCHMARK(OpenMissing);

}  // namespace
}  // namespace colmeia::bench
