#include "site/merge_context.h"

#include <algorithm>
#include <memory>

#include <fmt/core.h>

#include "util/check.h"

namespace colmeia::site {
namespace {

// Where `reference` ("$name" or "${name}") is written within `span`: an escape or a quote may stand before it. All of
// `span` when it is not found there.
config::Span FindReference(const config::Source& source, config::Span span, std::string_view reference) {
  const std::string_view raw = source.text().substr(span.offset, span.length);
  for (std::size_t at = raw.find(reference); at != std::string_view::npos; at = raw.find(reference, at + 1)) {
    const std::size_t end = at + reference.size();
    const bool goes_on = reference.back() != '}' && end < raw.size() &&
                         (IsVariableCharacter(raw[end]) || (raw[end] == '{' && reference == "$"));
    if (goes_on) continue;
    return {span.offset + static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(reference.size())};
  }
  return span;
}

}  // namespace

Template BlockContext::Compile(const PlacedText& text) {
  Template compiled = Declare(text);
  Use(compiled);
  return compiled;
}

Template BlockContext::Declare(const PlacedText& text) {
  std::vector<TemplateMistake> mistakes;
  Template compiled = Template::Compile(text.text, shared_.names, mistakes);
  if (mistakes.empty()) return compiled;
  for (TemplateMistake& mistake : mistakes) {
    Error(FindReference(shared_.source, text.span, mistake.reference), std::move(mistake.message));
  }
  return {};
}

std::optional<Regex> BlockContext::CompileRegex(const PlacedText& pattern, bool ignore_case) {
  auto regex = Regex::Compile(pattern.text, ignore_case, shared_.names);
  if (regex) return *std::move(regex);
  Error(pattern.span, regex.error().message);
  return std::nullopt;
}

Assignable BlockContext::FindAssignable(const PlacedText& name) {
  if (name.text.size() < 2 || name.text.front() != '$') {
    Error(name.span, fmt::format("invalid variable name {}, expected $name", config::Quoted(name.text)));
    return {};
  }
  const std::string_view bare = std::string_view(name.text).substr(1);
  if (IsReserved(bare, shared_.names.built_in)) {
    Error(name.span, fmt::format("the duplicate \"{}\" variable: it is built in and cannot be changed", bare));
    return {};
  }
  if (!std::all_of(bare.begin(), bare.end(), IsVariableCharacter)) {
    Warn(name.span, fmt::format("no text can name the variable {}: a name has letters, digits and _ only",
                                config::Quoted(name.text)));
  }
  for (const Variable& variable : shared_.names.built_in) {
    const bool is_it = !variable.prefix && util::EqualsIgnoreCase(variable.name, bare);
    if (is_it) return {.own = nullptr, .assign = variable.assign};
  }
  return {.own = &shared_.names.own->Add(bare), .assign = nullptr};
}

OwnVariable* BlockContext::MakeVariable(const PlacedText& name) {
  const Assignable found = FindAssignable(name);
  if (found.assign != nullptr) {
    Error(name.span, fmt::format("the duplicate \"{}\" variable: it is built in, and only \"set\" can change it",
                                 std::string_view(name.text).substr(1)));
  }
  if (found.own != nullptr) found.own->keep = OwnVariable::Keep::kForExchange;
  return found.own;
}

const Location* BlockContext::AddInner(const config::Node& block) {
  CHECK(location_ != nullptr);
  auto inner = std::make_unique<Location>();
  inner->kind = LocationKind::kIf;
  inner->name = location_->name;
  inner_.push_back({inner.get(), &block});
  return location_->inner.emplace_back(std::move(inner)).get();
}

void BlockContext::Error(config::Span span, std::string message) {
  shared_.diagnostics.Error(shared_.source.Locate(span), std::move(message));
}

void BlockContext::Warn(config::Span span, std::string message) {
  shared_.diagnostics.Warn(shared_.source.Locate(span), std::move(message));
}

std::uint32_t BlockContext::AddLog(std::string_view path, config::Span span) {
  const std::string full = path == "stderr" ? std::string(path) : FromPrefix(path);
  std::vector<LogFile>& files = shared_.logs.files;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i].path == full) return static_cast<std::uint32_t>(i);
  }
  files.push_back({full, span.length == 0 ? std::string() : shared_.source.Locate(span).ToString()});
  return static_cast<std::uint32_t>(files.size() - 1);
}

std::uint32_t BlockContext::AddErrorLog(const std::vector<std::pair<std::uint32_t, int>>& targets) {
  std::vector<ErrorLogTarget> rows;
  for (const auto& [log, level] : targets) rows.push_back({log, level});
  shared_.logs.error_logs.push_back(std::move(rows));
  return static_cast<std::uint32_t>(shared_.logs.error_logs.size() - 1);
}

std::string BlockContext::FromPrefix(std::string_view path) const {
  return path.starts_with('/') ? std::string(path) : shared_.source.prefix + std::string(path);
}

std::string BlockContext::FromConf(std::string_view path) const {
  if (path.starts_with('/')) return std::string(path);
  return shared_.source.conf_path.substr(0, shared_.source.conf_path.rfind('/') + 1) + std::string(path);
}

}  // namespace colmeia::site
