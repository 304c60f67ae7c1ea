// Request heads: bytes to events; and response heads: values to bytes.

#include <benchmark/benchmark.h>

#include <string>

#include "h1/parser.h"
#include "h1/writer.h"
#include "http/fields.h"
#include "micro/desk.h"

namespace colmeia::bench {
namespace {

void ParseHead(benchmark::State& state) {
  const h1::HeadLimits limits;
  h1::Parser parser(limits);
  h1::RequestHead head;
  std::string text = HeadText("/somewhere/1k.html?from=here", static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    const h1::HeadResult result = parser.ParseHead(text, head);
    benchmark::DoNotOptimize(result);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(ParseHead)->ArgName("fields")->Arg(1)->Arg(5)->Arg(15)->Arg(50)->Arg(100);

// A head that arrives in small pieces, each parsed as it comes.
void ParseHeadInPieces(benchmark::State& state) {
  const h1::HeadLimits limits;
  h1::RequestHead head;
  std::string text = HeadText("/somewhere/1k.html", 15);
  const auto piece = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    h1::Parser parser(limits);
    for (std::size_t size = piece;; size += piece) {
      const std::size_t so_far = std::min(size, text.size());
      if (parser.ParseHead(std::span(text.data(), so_far), head).state != h1::HeadState::kIncomplete) break;
    }
  }
}
BENCHMARK(ParseHeadInPieces)->ArgName("bytes")->Arg(16)->Arg(256);

void WriteHead(benchmark::State& state) {
  http::Fields fields;
  for (int i = 0; i < state.range(0); ++i) fields.Add("X-Field", "a value of a usual length");
  h1::ResponseHead head;
  head.server = "colmeia/0.1.0";
  head.date = "Wed, 18 Nov 2026 11:06:40 GMT";
  head.content_type = "text/html";
  head.content_length = 1024;
  head.last_modified = "Wed, 18 Nov 2026 11:06:40 GMT";
  head.etag = "\"6919f6f0-400\"";
  head.accept_ranges = true;
  head.fields = &fields;
  std::string out;
  for (auto _ : state) {
    out.clear();
    h1::AppendHead(head, out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(WriteHead)->ArgName("fields")->Arg(0)->Arg(10);

}  // namespace
}  // namespace colmeia::bench
