// Variables, access log lines, and a whole request between its head and its response.

#include <benchmark/benchmark.h>

#include <string>

#include "log/access_log.h"
#include "micro/desk.h"
#include "pipeline/evaluate.h"
#include "pipeline/runner.h"
#include "pipeline/variables.h"

namespace colmeia::bench {
namespace {

void Evaluate(benchmark::State& state, const std::string& text) {
  Desk desk("");
  std::string head = HeadText("/somewhere/1k.html?from=here&to=there", 15);
  desk.Begin(head);
  pipeline::Runner::Run(desk.exchange);
  std::vector<site::TemplateMistake> mistakes;
  const site::Template compiled =
      site::Template::Compile(text, {.built_in = pipeline::kVariables.hooks.variables}, mistakes);
  if (!mistakes.empty()) return state.SkipWithError(mistakes.front().message.c_str());
  for (auto _ : state) {
    benchmark::DoNotOptimize(pipeline::Evaluate(compiled, desk.exchange).data());
    desk.exchange.arena.Reset();
  }
}
BENCHMARK_CAPTURE(Evaluate, constant, "a text without variables");
BENCHMARK_CAPTURE(Evaluate, uri, "$uri");
BENCHMARK_CAPTURE(Evaluate, host_and_args, "$scheme://$host$request_uri");
BENCHMARK_CAPTURE(Evaluate, argument, "$arg_to");
BENCHMARK_CAPTURE(Evaluate, field, "$http_user_agent");
BENCHMARK_CAPTURE(Evaluate, cookie, "$cookie_theme");
BENCHMARK_CAPTURE(Evaluate, times, "$time_local $time_iso8601 $msec");

void LogLine(benchmark::State& state, const std::string& http) {
  Desk desk("", http);
  desk.folder.Write("1k.html", 1024);
  std::string head = HeadText("/1k.html", 15);
  desk.Begin(head);
  pipeline::Runner::Run(desk.exchange);
  for (auto _ : state) {
    pipeline::Runner::Log(desk.exchange);
    for (log::AccessLog* log : desk.services.logs) log->Flush();
  }
}
BENCHMARK_CAPTURE(LogLine, off, "access_log off;");
BENCHMARK_CAPTURE(LogLine, combined, "access_log access.log combined;");
BENCHMARK_CAPTURE(LogLine, json,
                  "log_format j escape=json '{\"at\":\"$time_iso8601\",\"uri\":\"$request_uri\",\"status\":$status,"
                  "\"agent\":\"$http_user_agent\"}'; access_log access.log j;");

// From a parsed head to a complete response, and its log line: everything but parser, connection and kernel.
void Run(benchmark::State& state, const std::string& path, const std::string& http) {
  Desk desk("", http);
  desk.folder.Write("1k.html", 1024);
  std::string head = HeadText(path, 5);
  for (auto _ : state) {
    desk.Begin(head);
    pipeline::Runner::Run(desk.exchange);
    pipeline::Runner::Log(desk.exchange);
    for (log::AccessLog* log : desk.services.logs) log->Flush();
  }
}
BENCHMARK_CAPTURE(Run, fresh, "/1k.html", "access_log off;");
BENCHMARK_CAPTURE(Run, cached, "/1k.html", "access_log off; open_file_cache max=100;");
BENCHMARK_CAPTURE(Run, cached_and_logged, "/1k.html", "access_log access.log; open_file_cache max=100;");
BENCHMARK_CAPTURE(Run, missing, "/missing.html", "access_log off; log_not_found off;");

}  // namespace
}  // namespace colmeia::bench
