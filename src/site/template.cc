#include "site/template.h"

#include <algorithm>

#include <fmt/core.h>

#include "util/strings.h"

namespace colmeia::site {
namespace {

using Part = Template::Part;

// The part that a variable's name stands for; nothing when it is no variable's.
std::optional<Part> Resolve(std::string_view name, const TemplateNames& names) {
  if (name.size() == 1 && util::IsDigit(name.front())) return Part{Part::Kind::kGroup, std::string(name)};
  if (std::find(names.groups.begin(), names.groups.end(), name) != names.groups.end()) {
    return Part{Part::Kind::kNamedGroup, std::string(name)};
  }
  std::optional<Part> family;
  for (const Variable& variable : names.variables) {
    if (!variable.prefix && variable.name == name) {
      return Part{Part::Kind::kVariable, {}, variable.get, variable.needs_body};
    }
    const bool member = variable.prefix && name.size() > variable.name.size() && name.starts_with(variable.name);
    if (member) family = Part{Part::Kind::kVariable, std::string(name.substr(variable.name.size())), variable.get};
  }
  return family;
}

// Variables of nginx that colmeia does not have: a family ends with "_".
constexpr std::string_view kUnsupportedVariables[] = {
    "ancient_browser",
    "connection_time",
    "connections_",
    "date_gmt",
    "date_local",
    "fastcgi_",
    "geoip_",
    "http2",
    "http3",
    "invalid_referer",
    "modern_browser",
    "msie",
    "nginx_version",
    "pipe",
    "proxy_",
    "proxy_protocol_",
    "quic",
    "realip_",
    "realpath_root",
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
std::string UnknownVariable(std::string_view name, std::string_view lower, const TemplateNames& names) {
  const std::string message = fmt::format("unknown \"{}\" variable", name);
  for (const std::string_view unsupported : kUnsupportedVariables) {
    if (lower == unsupported || (unsupported.ends_with('_') && lower.starts_with(unsupported))) {
      return message + ": nginx has it, and colmeia does not";
    }
  }
  std::vector<std::string_view> known(names.groups.begin(), names.groups.end());
  for (const Variable& variable : names.variables) {
    if (!variable.prefix) known.push_back(variable.name);
  }
  const std::string_view meant = util::Closest(lower, known);
  return meant.empty() ? message : fmt::format("{}; did you mean \"${}\"?", message, meant);
}

}  // namespace

bool IsReserved(std::string_view name, std::span<const Variable> variables) {
  return std::any_of(variables.begin(), variables.end(), [name](const Variable& variable) {
    return !variable.prefix && !variable.changeable && util::EqualsIgnoreCase(variable.name, name);
  });
}

Template Template::Compile(std::string_view text, const TemplateNames& names, std::vector<TemplateMistake>& mistakes) {
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
    std::optional<Part> part = Resolve(lower, names);
    if (!part) {
      mistake(UnknownVariable(name, lower, names));
      continue;
    }
    if (!literal.empty()) out.parts_.push_back({Part::Kind::kLiteral, std::move(literal)});
    literal.clear();
    out.needs_body_ = out.needs_body_ || part->needs_body;
    out.parts_.push_back(std::move(*part));
    out.constant_ = false;
  }
  if (!literal.empty()) out.parts_.push_back({Part::Kind::kLiteral, std::move(literal)});
  return out;
}

}  // namespace colmeia::site
