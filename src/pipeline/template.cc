#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/core.h>

#include "pipeline/exchange.h"
#include "pipeline/variables.h"
#include "util/strings.h"

namespace colmeia::pipeline {
namespace {

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

// Variables of nginx that colmeia does not have: a family ends with "_".
constexpr std::string_view kForeignVariables[] = {
    "ancient_browser",
    "connection_time",
    "connections_",
    "date_gmt",
    "date_local",
    "fastcgi_",
    "geoip_",
    "gzip_ratio",
    "http2",
    "http3",
    "invalid_referer",
    "limit_conn_status",
    "limit_rate",
    "limit_req_status",
    "modern_browser",
    "msie",
    "nginx_version",
    "pipe",
    "proxy_",
    "proxy_protocol_",
    "quic",
    "realip_",
    "realpath_root",
    "request_body",
    "request_body_file",
    "request_id",
    "secure_link",
    "secure_link_expires",
    "session_",
    "slice_range",
    "ssl_",
    "tcpinfo_",
    "uid_got",
    "uid_reset",
    "uid_set",
    "upstream_",
};

// `name` is told as it is written, `lower` is looked for.
std::string UnknownVariable(std::string_view name, std::string_view lower, const std::vector<std::string>& captures) {
  const std::string message = fmt::format("unknown \"{}\" variable", name);
  for (const std::string_view foreign : kForeignVariables) {
    if (lower == foreign || (foreign.ends_with('_') && lower.starts_with(foreign))) {
      return message + ": nginx has it, and colmeia does not";
    }
  }
  std::vector<std::string_view> known(captures.begin(), captures.end());
  for (const Variable& variable : CoreVariables()) {
    if (!variable.prefix) known.push_back(variable.name);
  }
  const std::string_view meant = util::Closest(lower, known);
  return meant.empty() ? message : fmt::format("{}; did you mean \"${}\"?", message, meant);
}

}  // namespace

Template Template::Compile(std::string_view text, const std::vector<std::string>& captures,
                           std::vector<TemplateMistake>& mistakes) {
  Template out;
  out.text_ = std::string(text);
  std::string literal;
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] != '$') {
      literal += text[at++];
      continue;
    }
    const std::size_t dollar = at;
    const bool braced = at + 1 < text.size() && text[at + 1] == '{';
    const std::size_t begin = at + (braced ? 2 : 1);
    std::size_t end = begin;
    if (end < text.size() && util::IsDigit(text[end])) {
      ++end;  // $1 is a group even when more digits follow
    } else {
      while (end < text.size() && IsVariableCharacter(text[end])) ++end;
    }
    const std::string_view name = text.substr(begin, end - begin);
    const bool closed = !braced || (end < text.size() && text[end] == '}');
    at = end + (braced && closed ? 1 : 0);
    const auto mistake = [&](std::string message) {
      const std::string_view reference = text.substr(dollar, at - dollar);
      // The same one again says nothing new.
      const bool known = std::any_of(mistakes.begin(), mistakes.end(),
                                     [&](const TemplateMistake& other) { return other.reference == reference; });
      if (!known) mistakes.push_back({std::string(reference), std::move(message)});
    };
    if (!closed) {
      mistake(fmt::format("the closing bracket in \"{}\" variable is missing", name));
      continue;
    }
    if (name.empty()) {
      mistake("invalid variable name");
      continue;
    }
    // As in nginx, no variable's name knows upper case.
    const std::string lower = util::Lowercase(name);
    const Resolved resolved = Resolve(lower, captures);
    if (resolved.get == nullptr) {
      mistake(UnknownVariable(name, lower, captures));
      continue;
    }
    if (!literal.empty()) out.parts_.push_back({std::move(literal), nullptr, {}});
    literal.clear();
    out.parts_.push_back({{}, resolved.get, std::string(resolved.suffix)});
    out.constant_ = false;
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
