#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/core.h>

#include "pipeline/exchange.h"
#include "pipeline/variables.h"
#include "util/strings.h"

namespace colmeia::pipeline {
namespace {

bool IsNameCharacter(char c) { return util::IsAlpha(c) || util::IsDigit(c) || c == '_'; }

// $1 to $9: groups of the last regex that matched.
std::optional<std::string_view> NumberedCapture(Exchange& exchange, std::string_view suffix) {
  const auto index = static_cast<std::size_t>(suffix.front() - '0');
  if (index >= exchange.captures.size() || !exchange.captures[index].name.empty()) return std::nullopt;
  return exchange.captures[index].value;
}

std::optional<std::string_view> NamedCapture(Exchange& exchange, std::string_view suffix) {
  for (const Capture& capture : exchange.captures) {
    if (capture.name == suffix) return capture.value;
  }
  return std::nullopt;
}

struct Resolved {
  Getter get = nullptr;
  std::string_view suffix;
};

Resolved Resolve(std::string_view name, const std::vector<std::string>& captures) {
  if (name.size() == 1 && util::IsDigit(name.front())) return {NumberedCapture, name};
  if (std::find(captures.begin(), captures.end(), name) != captures.end()) return {NamedCapture, name};
  Resolved family;
  for (const Variable& variable : CoreVariables()) {
    if (!variable.prefix && variable.name == name) return {variable.get, {}};
    const bool member = variable.prefix && name.size() > variable.name.size() && name.starts_with(variable.name);
    if (member) family = {variable.get, name.substr(variable.name.size())};
  }
  return family;
}

}  // namespace

Result<Template> Template::Compile(std::string_view text, const std::vector<std::string>& captures) {
  Template out;
  out.text_ = std::string(text);
  std::string literal;
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] != '$') {
      literal += text[at++];
      continue;
    }
    const bool braced = at + 1 < text.size() && text[at + 1] == '{';
    const std::size_t begin = at + (braced ? 2 : 1);
    std::size_t end = begin;
    if (end < text.size() && util::IsDigit(text[end])) {
      ++end;  // $1 is a group even when more digits follow
    } else {
      while (end < text.size() && IsNameCharacter(text[end])) ++end;
    }
    const std::string_view name = text.substr(begin, end - begin);
    if (braced && (end == text.size() || text[end] != '}')) {
      return Fail(fmt::format("the closing bracket in \"{}\" variable is missing", name));
    }
    if (name.empty()) return Fail("invalid variable name");
    const Resolved resolved = Resolve(name, captures);
    if (resolved.get == nullptr) return Fail(fmt::format("unknown \"{}\" variable", name));
    if (!literal.empty()) out.parts_.push_back({std::move(literal), nullptr, {}});
    literal.clear();
    out.parts_.push_back({{}, resolved.get, std::string(resolved.suffix)});
    out.constant_ = false;
    at = end + (braced ? 1 : 0);
  }
  if (!literal.empty()) out.parts_.push_back({std::move(literal), nullptr, {}});
  return out;
}

std::string_view Template::Join(Exchange& exchange, Escape escape) const {
  // Two passes, so that the result is one piece of the arena: values first, because a getter may use the arena itself.
  static constexpr std::size_t kFew = 32;
  std::array<std::string_view, kFew> few;
  std::vector<std::string_view> many;
  std::string_view* values = few.data();
  if (parts_.size() > kFew) {
    many.resize(parts_.size());
    values = many.data();
  }
  std::size_t size = 0;
  std::size_t count = 0;
  for (const Part& part : parts_) {
    std::string_view& value = values[count++];
    if (part.get == nullptr) {
      value = part.literal;
    } else {
      const std::optional<std::string_view> given = part.get(exchange, part.suffix);
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

}  // namespace colmeia::pipeline
