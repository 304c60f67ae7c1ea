#include "pipeline/evaluate.h"

#include <array>
#include <cstring>
#include <vector>

#include "pipeline/exchange.h"
#include "pipeline/report.h"
#include "util/units.h"

namespace colmeia::pipeline {
namespace {

// $1 to $9: groups of the last regex that matched.
std::optional<std::string_view> NumberedGroup(const Exchange& exchange, std::string_view number) {
  const auto index = static_cast<std::size_t>(number.front() - '0');
  if (index >= exchange.captures.size() || !exchange.captures[index].name.empty()) return std::nullopt;
  return exchange.captures[index].value;
}

std::optional<std::string_view> NamedGroup(const Exchange& exchange, std::string_view name) {
  for (const site::Capture& capture : exchange.captures) {
    if (capture.name == name) return capture.value;
  }
  return std::nullopt;
}

std::optional<std::string_view> ValueOf(const site::Template::Part& part, Exchange& exchange) {
  switch (part.kind) {
    case site::Template::Part::Kind::kLiteral:
      return part.text;
    case site::Template::Part::Kind::kVariable:
      return part.get(exchange, part.text);
    case site::Template::Part::Kind::kGroup:
      return NumberedGroup(exchange, part.text);
    case site::Template::Part::Kind::kNamedGroup:
      return NamedGroup(exchange, part.text);
  }
  return std::nullopt;
}

}  // namespace

std::string_view Join(const site::Template& text, Exchange& exchange, Escape escape) {
  const std::vector<site::Template::Part>& parts = text.parts();
  // Two passes, so that the result is one piece of the arena: values first, because a getter may use the arena itself.
  static constexpr std::size_t kFew = 32;
  std::array<std::string_view, kFew> few;
  std::vector<std::string_view> many;
  std::string_view* values = few.data();
  if (parts.size() > kFew) {
    many.resize(parts.size());
    values = many.data();
  }
  std::size_t size = 0;
  std::size_t count = 0;
  for (const site::Template::Part& part : parts) {
    std::string_view& value = values[count++];
    if (part.kind == site::Template::Part::Kind::kLiteral) {
      value = part.text;
    } else {
      const std::optional<std::string_view> given = ValueOf(part, exchange);
      value = escape != nullptr ? escape(exchange.arena, given) : given.value_or(std::string_view{});
    }
    size += value.size();
  }
  if (count == 1) return values[0];
  char* const out = exchange.arena.Allocate(size);
  char* end = out;
  for (std::size_t i = 0; i < count; ++i) {
    if (values[i].empty()) continue;
    std::memcpy(end, values[i].data(), values[i].size());
    end += values[i].size();
  }
  return {out, size};
}

std::uint64_t EvaluateSize(const site::SizeValue& size, Exchange& exchange) {
  if (!size.varies()) return size.bytes;
  const std::string_view text = Evaluate(size.text, exchange);
  const std::optional<std::uint64_t> bytes = util::ParseSize(text);
  if (!bytes) Report(exchange, log::Level::kError, "invalid size \"{}\"", text);
  return bytes.value_or(0);
}

}  // namespace colmeia::pipeline
