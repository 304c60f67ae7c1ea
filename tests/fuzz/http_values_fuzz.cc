// Fuzzes the values of http/: targets and paths above all, then hosts, dates, ranges and tags.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/accept_encoding.h"
#include "http/date.h"
#include "http/escape.h"
#include "http/etag.h"
#include "http/host.h"
#include "http/range.h"
#include "http/uri.h"
#include "util/check.h"

namespace {

using namespace colmeia;

void CheckPath(std::string_view raw) {
  util::Arena arena;
  const std::optional<std::string_view> path = http::NormalizePath(raw, arena);
  if (!path) return;
  CHECK(path->starts_with('/'));
  CHECK(path->size() <= raw.size());
  CHECK(path->find('\0') == std::string_view::npos);
  CHECK(path->find("//") == std::string_view::npos);
  CHECK(path->find("/../") == std::string_view::npos && !path->ends_with("/.."));
  CHECK(path->find("/./") == std::string_view::npos && !path->ends_with("/."));
  // A normal path, escaped, means itself.
  std::string escaped;
  http::AppendEscapedUri(*path, escaped);
  CHECK(http::NormalizePath(escaped, arena) == *path);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  CheckPath("/" + text);

  util::Arena arena;
  http::Target target;
  for (const http::Method method : {http::Method::kGet, http::Method::kOptions, http::Method::kConnect}) {
    if (!http::ParseTarget(method, text, arena, target) && !target.authority.empty()) {
      CHECK(http::SplitHost(target.authority));
    }
  }
  if (const auto host = http::SplitHost(text)) {
    CHECK(http::LowercaseHost(*host, arena).size() == host->host.size());
    CHECK(host->host.find_first_of("/@? \r\n") == std::string_view::npos);
  }

  http::Fields accepts;
  accepts.Add(http::HeaderId::kAcceptEncoding, text);
  const http::AcceptedCodings codings(accepts);
  for (const http::Coding coding : {http::Coding::kGzip, http::Coding::kBrotli, http::Coding::kZstd}) {
    CHECK(codings.WeightOf(coding) >= 0 && codings.WeightOf(coding) <= 1000);
    CHECK(!codings.Accepts(coding) || codings.WeightOf(coding) > 0);
  }

  std::vector<http::ByteRange> ranges;
  constexpr std::uint64_t kSize = 1000;
  if (http::ParseRanges("bytes=" + text, kSize, http::kUnlimitedRanges, ranges) == http::RangeVerdict::kPartial) {
    CHECK(!ranges.empty());
    std::uint64_t together = 0;
    for (const http::ByteRange& range : ranges) {
      CHECK(range.begin < range.end && range.end <= kSize);
      together += range.size();
    }
    CHECK(together <= kSize);
  }
  if (const auto time = http::ParseDate(text)) {
    std::array<char, http::kDateSize> formatted{};
    CHECK(http::ParseDate(http::FormatDate(*time, formatted)) == time);
  }
  (void)http::EtagListContains(text, "\"a\"", http::EtagComparison::kWeak);
  return 0;
}
