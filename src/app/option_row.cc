#include "app/option_row.h"

#include <fmt/format.h>

namespace colmeia::app {
namespace {

bool IsLong(const OptionRow& option) { return option.name.starts_with("--"); }

}  // namespace

const OptionRow* FindOption(std::span<const OptionRow> options, std::string_view argument) {
  if (argument == "-?" || argument == "--help") argument = "-h";
  for (const OptionRow& option : options) {
    if (argument == option.name) return &option;
    if (option.value.empty() || !argument.starts_with(option.name)) continue;
    if (!IsLong(option) || argument[option.name.size()] == '=') return &option;
  }
  return nullptr;
}

Result<std::string> TakeValue(const OptionRow& option, const std::vector<std::string>& arguments, std::size_t& at) {
  std::string value;
  if (option.value.empty()) return value;
  if (arguments[at].size() > option.name.size()) {
    value = arguments[at].substr(option.name.size() + (IsLong(option) ? 1 : 0));
  } else if (at + 1 < arguments.size()) {
    value = arguments[++at];
  }
  if (value.empty()) return Fail(fmt::format("option \"{}\" requires {}", option.name, option.value));
  return value;
}

std::string OptionLine(const OptionRow& option, std::size_t width) {
  const std::string name =
      option.value.empty() ? std::string(option.name) : fmt::format("{} {}", option.name, option.value);
  return fmt::format("  {:<{}}{}\n", name, width, option.meaning);
}

}  // namespace colmeia::app
