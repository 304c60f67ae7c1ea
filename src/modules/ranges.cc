#include "modules/ranges.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "config/setters.h"
#include "http/conditional.h"
#include "http/range.h"
#include "pipeline/exchange.h"
#include "pipeline/services.h"

namespace colmeia::modules {
namespace {

using config::Args;
using config::Directive;
using config::In;
using http::ByteRange;
using http::HeaderId;
using http::Status;
using pipeline::Exchange;
using pipeline::Piece;

struct Settings {
  std::size_t max_ranges = http::kUnlimitedRanges;
};

struct Draft {
  std::optional<std::uint64_t> max_ranges;
};

// Directives

constexpr Directive kDirectives[] = {
    {.name = "max_ranges",
     .contexts = In::kHttp | In::kServer | In::kLocation,
     .arity = Args(1),
     .setter = config::SetNumber<&Draft::max_ranges>,
     .syntax = "number",
     .default_value = "",
     .doc = "How many ranges one request may ask for; with more it gets the whole file, and 0 turns ranges off."},
};

// Merge

Settings Merge(const Settings& outer, const Draft& own, site::MergeContext&) {
  return {.max_ranges = own.max_ranges ? static_cast<std::size_t>(*own.max_ranges) : outer.max_ranges};
}

// Behaviour

std::string_view ContentRange(Exchange& exchange, const ByteRange& range, std::uint64_t size) {
  return exchange.arena.Copy(fmt::format("bytes {}-{}/{}", range.begin, range.end - 1, size));
}

void SendOne(Exchange& exchange, const ByteRange& range) {
  pipeline::Response& response = exchange.response;
  response.fields.Set(HeaderId::kContentRange, ContentRange(exchange, range, response.body.length()));
  std::vector<Piece> pieces;
  response.body.Slice(range.begin, range.size(), pieces);
  response.body.Replace(std::move(pieces));
}

// Twenty digits that no file contains by accident. Nobody gains from guessing them: a client only splits its own
// answer.
std::string_view MakeBoundary(Exchange& exchange) {
  std::uint64_t mix = static_cast<std::uint64_t>(exchange.services->wall_ms) * 0x9e3779b97f4a7c15u;
  mix ^= exchange.connection->number << 24 ^ exchange.connection->requests;
  mix = (mix ^ mix >> 31) * 0xbf58476d1ce4e5b9u;
  return exchange.arena.Copy(fmt::format("{:020}", mix ^ mix >> 29));
}

// RFC 9110 section 14.6.
void SendSeveral(Exchange& exchange, const std::vector<ByteRange>& ranges) {
  pipeline::Response& response = exchange.response;
  const std::uint64_t size = response.body.length();
  const std::string_view boundary = MakeBoundary(exchange);
  const std::string_view type = response.content_type.empty()
                                    ? std::string_view{}
                                    : exchange.arena.Concat("Content-Type: ", response.content_type, "\r\n");
  std::vector<Piece> pieces;
  for (const ByteRange& range : ranges) {
    pieces.push_back(Piece::Memory(exchange.arena.Concat(
        "\r\n--", boundary, "\r\n", type, "Content-Range: ", ContentRange(exchange, range, size), "\r\n\r\n")));
    response.body.Slice(range.begin, range.size(), pieces);
  }
  pieces.push_back(Piece::Memory(exchange.arena.Concat("\r\n--", boundary, "--\r\n")));
  response.body.Replace(std::move(pieces));
  response.content_type = exchange.arena.Concat("multipart/byteranges; boundary=", boundary);
}

void Filter(Exchange& exchange) {
  pipeline::Response& response = exchange.response;
  if (!response.accepts_ranges) return;
  const std::size_t max_ranges = exchange.settings<Settings>().max_ranges;
  if (response.status != Status::kOk || max_ranges == 0) {
    response.accepts_ranges = false;
    return;
  }
  const http::Field* const field = exchange.request.fields.Find(HeaderId::kRange);
  if (field == nullptr || exchange.request.method != http::Method::kGet) return;
  const http::Validators validators{.etag = response.etag,
                                    .last_modified = response.modified,
                                    .date_is_weak = response.modified == exchange.services->wall_ms / 1000};
  if (!http::IfRangeHolds(exchange.request.fields, validators)) return;

  const std::uint64_t size = response.body.length();
  std::vector<ByteRange> ranges;
  switch (http::ParseRanges(field->value, size, max_ranges, ranges)) {
    case http::RangeVerdict::kWhole:
      return;
    case http::RangeVerdict::kNotSatisfiable:
      exchange.content_range = exchange.arena.Copy(fmt::format("bytes */{}", size));
      exchange.refusal = Status::kRangeNotSatisfiable;
      return;
    case http::RangeVerdict::kPartial:
      break;
  }
  response.status = Status::kPartialContent;
  response.accepts_ranges = false;
  if (ranges.size() == 1) {
    SendOne(exchange, ranges.front());
  } else {
    SendSeveral(exchange, ranges);
  }
}

}  // namespace

// Export

const site::Module kRanges = site::DefineModule<Settings, Draft, Merge>("ranges", kDirectives, {.filter = Filter});

}  // namespace colmeia::modules
