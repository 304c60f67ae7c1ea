// Which server and which location serve a request.

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "micro/desk.h"
#include "site/site.h"

namespace colmeia::bench {
namespace {

std::string Prefixes(std::int64_t count) {
  std::string text;
  for (std::int64_t i = 0; i < count; ++i) text += "location /folder" + std::to_string(i) + "/ { }\n";
  return text;
}

std::string Regexes(std::int64_t count) {
  std::string text;
  for (std::int64_t i = 0; i < count; ++i) text += "location ~ ^/never" + std::to_string(i) + "/.*\\.php$ { }\n";
  return text;
}

void Find(benchmark::State& state, const std::string& locations, const std::string& path) {
  const Desk desk(locations);
  site::Values values;
  site::MatchFailure failure;
  const site::LocationTable& table = desk.site->servers.front()->table;
  for (auto _ : state) {
    values.Clear();
    benchmark::DoNotOptimize(table.Find(path, &values, failure));
  }
}

void FindPrefix(benchmark::State& state) {
  Find(state, Prefixes(state.range(0)), "/folder" + std::to_string(state.range(0) / 2) + "/some/1k.html");
}
BENCHMARK(FindPrefix)->ArgName("locations")->RangeMultiplier(10)->Range(1, 1000);

void FindExact(benchmark::State& state) {
  Find(state, Prefixes(state.range(0)) + "location = /1k.html { }", "/1k.html");
}
BENCHMARK(FindExact)->ArgName("locations")->RangeMultiplier(10)->Range(1, 1000);

// As in nginx every regex before the one that matches is tried; here none matches.
void FindPastRegexes(benchmark::State& state) {
  Find(state, Regexes(state.range(0)) + "location / { }", "/some/1k.html");
}
BENCHMARK(FindPastRegexes)->ArgName("regexes")->RangeMultiplier(10)->Range(1, 1000);

void FindServer(benchmark::State& state) {
  site::VirtualHosts hosts;
  const site::Server server;
  for (std::int64_t i = 0; i < state.range(0); ++i)
    hosts.AddExact("host" + std::to_string(i) + ".example.org", &server);
  hosts.SetDefault(&server);
  site::Values values;
  site::MatchFailure failure;
  const std::string host = "host" + std::to_string(state.range(0) / 2) + ".example.org";
  for (auto _ : state) benchmark::DoNotOptimize(hosts.Find(host, &values, failure));
}
BENCHMARK(FindServer)->ArgName("names")->RangeMultiplier(100)->Range(1, 10000);

void FindServerByWildcard(benchmark::State& state) {
  site::VirtualHosts hosts;
  const site::Server server;
  for (std::int64_t i = 0; i < state.range(0); ++i)
    hosts.AddSuffix(".host" + std::to_string(i) + ".example.org", &server);
  hosts.SetDefault(&server);
  site::Values values;
  site::MatchFailure failure;
  const std::string host = "a.b.host" + std::to_string(state.range(0) / 2) + ".example.org";
  for (auto _ : state) benchmark::DoNotOptimize(hosts.Find(host, &values, failure));
}
BENCHMARK(FindServerByWildcard)->ArgName("names")->RangeMultiplier(100)->Range(1, 10000);

}  // namespace
}  // namespace colmeia::bench
