#include "config/directive.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace colmeia::config {

namespace {

struct ContextName {
  In context;
  std::string_view name;
};
constexpr ContextName kContextNames[] = {
    {In::kMain, "main"},
    {In::kEvents, "events"},
    {In::kHttp, "http"},
    {In::kServer, "server"},
    {In::kLocation, "location"},
    {In::kServerIf, "if in server"},
    {In::kLocationIf, "if in location"},
};

}  // namespace

std::string ContextNames(In set, std::string_view last) {
  std::vector<std::string_view> names;
  for (const ContextName& row : kContextNames) {
    if (Contains(set, row.context)) names.push_back(row.name);
  }
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += i + 1 == names.size() ? last : ", ";
    out += names[i];
  }
  return out;
}

std::string SyntaxOf(const Directive& directive) {
  std::string out(directive.name);
  if (!directive.syntax.empty()) out.append(" ").append(directive.syntax);
  out += directive.form == Form::kBlock ? " { ... }" : ";";
  return out;
}

void Call::Error(std::string message) const { Error(node_.name(), std::move(message)); }

void Call::Error(const Word& word, std::string message) const {
  diagnostics_.Error(source_.Locate(word.span), std::move(message));
}

void Call::Warn(const Word& word, std::string message) const {
  diagnostics_.Warn(source_.Locate(word.span), std::move(message));
}

void Call::Duplicate() const {
  std::string message = fmt::format("\"{}\" directive is duplicate", name());
  const auto first = std::find_if(siblings_.begin(), siblings_.end(),
                                  [this](const Node& sibling) { return sibling.name().text == name(); });
  if (first != siblings_.end() && first->span().offset < node_.span().offset) {
    message += fmt::format("; the first one is at {}", source_.Locate(first->span()).ToString());
  }
  Error(std::move(message));
}

void Call::InvalidValue(const Word& word, std::string_view expected) const {
  Error(word, fmt::format("invalid value {} in \"{}\" directive, {}", Quoted(word.text), name(), expected));
}

void Call::WrongArguments() const {
  diagnostics_.Error(
      source_.Locate(node_.span()),
      fmt::format("invalid number of arguments in \"{}\" directive; it is written: {}", name(), SyntaxOf(directive_)));
}

}  // namespace colmeia::config
