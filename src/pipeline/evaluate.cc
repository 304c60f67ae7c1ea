#include "pipeline/evaluate.h"

#include <array>
#include <cstring>
#include <vector>

#include "log/level.h"
#include "pipeline/exchange.h"
#include "pipeline/report.h"
#include "util/units.h"

namespace colmeia::pipeline {
namespace {

// $1 to $9: groups of the last regex that matched.
std::optional<std::string_view> NumberedGroup(const Exchange& exchange, std::string_view number) {
  const auto index = static_cast<std::size_t>(number.front() - '0');
  if (index >= exchange.values.groups.size()) return std::nullopt;
  return exchange.values.groups[index];
}

std::optional<std::string_view> ComputeOwn(const site::OwnVariable& variable, Exchange& exchange) {
  exchange.values.At(variable.slot).state = site::ValueSlot::State::kComputing;
  const std::optional<std::string_view> value = variable.compute(exchange, variable);
  site::ValueSlot& slot = exchange.values.At(variable.slot);  // what it was made of may have slots of its own
  if (slot.state != site::ValueSlot::State::kComputing) return value;
  using State = site::ValueSlot::State;
  if (variable.keep == site::OwnVariable::Keep::kNot) {
    slot.state = State::kEmpty;
  } else {
    slot = {value ? State::kValue : State::kNone, value.value_or(std::string_view{})};
  }
  return value;
}

std::optional<std::string_view> OwnValue(const site::OwnVariable& variable, Exchange& exchange) {
  const site::ValueSlot& slot = exchange.values.At(variable.slot);
  switch (slot.state) {
    case site::ValueSlot::State::kEmpty:
      return variable.compute != nullptr ? ComputeOwn(variable, exchange) : std::nullopt;
    case site::ValueSlot::State::kComputing:
      Report(exchange, log::Level::kError, "cycle while evaluating variable \"{}\"", variable.name);
      return std::nullopt;
    case site::ValueSlot::State::kNone:
      return std::nullopt;
    case site::ValueSlot::State::kValue:
      return slot.value;
  }
  return std::nullopt;
}

// Of a variable.
std::optional<std::string_view> ValueOf(const site::Template::Part& part, Exchange& exchange) {
  switch (part.kind) {
    case site::Template::Part::Kind::kVariable:
      return part.get(exchange, part.text);
    case site::Template::Part::Kind::kOwn:
      return OwnValue(*part.own, exchange);
    case site::Template::Part::Kind::kLiteral:
    case site::Template::Part::Kind::kGroup:
      break;
  }
  return std::nullopt;
}

}  // namespace

std::string_view Join(const site::Template& text, Exchange& exchange, Escaping escaping) {
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
  const auto escaped = [&](Escape escape, std::optional<std::string_view> given) {
    return escape != nullptr ? escape(exchange.arena, given) : given.value_or(std::string_view{});
  };
  using Kind = site::Template::Part::Kind;
  bool has_groups = false;
  std::size_t count = 0;
  for (const site::Template::Part& part : parts) {
    std::string_view& value = values[count++];
    if (part.kind == Kind::kLiteral) {
      value = part.text;
    } else if (part.kind == Kind::kGroup) {
      has_groups = true;
    } else {
      value = escaped(escaping.variables, ValueOf(part, exchange));
    }
  }
  // A variable may be found by an expression with groups of its own: as in nginx those count in all of the text.
  for (std::size_t i = 0; has_groups && i < count; ++i) {
    if (parts[i].kind == Kind::kGroup) values[i] = escaped(escaping.groups, NumberedGroup(exchange, parts[i].text));
  }
  std::size_t size = 0;
  for (std::size_t i = 0; i < count; ++i) size += values[i].size();
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
