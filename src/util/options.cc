#include "util/options.h"

#include <utility>

#include <fmt/format.h>

#include "util/strings.h"

namespace colmeia::util {

Result<std::optional<OptionReader::Item>> OptionReader::Next() {
  if (letter_ > 0) return TakeLetter();
  if (at_ == arguments_.size()) return std::nullopt;
  const std::string& argument = arguments_[at_++];
  if (words_only_ || !argument.starts_with('-')) return Item{nullptr, argument};
  if (argument == "--") {
    words_only_ = true;
    return Next();
  }
  if (argument.starts_with("--")) return TakeLong(argument);
  if (argument.size() == 1) return Unknown(argument);
  letter_ = 1;
  return TakeLetter();
}

const OptionRow* OptionReader::Find(std::string_view name) const {
  for (const OptionRow& option : options_) {
    if (option.name == name) return &option;
  }
  return name == "-?" || name == "--help" ? Find("-h") : nullptr;
}

Result<std::optional<OptionReader::Item>> OptionReader::TakeLetter() {
  const std::string& argument = arguments_[at_ - 1];
  const std::string name = {'-', argument[letter_]};
  const OptionRow* const option = Find(name);
  if (option == nullptr) return Unknown(argument);
  ++letter_;
  std::string rest = argument.substr(letter_);
  if (rest.empty() || !option->value.empty()) letter_ = 0;
  if (option->value.empty()) return Item{option, {}};
  return WithValue(*option, std::move(rest));
}

Result<std::optional<OptionReader::Item>> OptionReader::TakeLong(const std::string& argument) {
  if (const OptionRow* const option = Find(argument)) {
    if (option->value.empty()) return Item{option, {}};
    return WithValue(*option, {});
  }
  const std::size_t equals = argument.find('=');
  const OptionRow* const option = equals == std::string::npos ? nullptr : Find(argument.substr(0, equals));
  if (option == nullptr || option->value.empty()) return Unknown(argument);
  std::string value = argument.substr(equals + 1);
  if (value.empty()) return Fail(fmt::format("option \"{}\" requires {}", option->name, option->value));
  return Item{option, std::move(value)};
}

Result<std::optional<OptionReader::Item>> OptionReader::WithValue(const OptionRow& option, std::string attached) {
  std::string value = std::move(attached);
  if (value.empty() && at_ < arguments_.size()) value = arguments_[at_++];
  if (value.empty()) return Fail(fmt::format("option \"{}\" requires {}", option.name, option.value));
  return Item{&option, std::move(value)};
}

tl::unexpected<Error> OptionReader::Unknown(std::string_view argument) const {
  std::vector<std::string_view> names;
  for (const OptionRow& option : options_) names.push_back(option.name);
  const std::string_view close = argument.starts_with("--") ? Closest(argument, names) : std::string_view();
  return close.empty() ? Fail(fmt::format("invalid option: \"{}\"; see {} -h", argument, command_))
                       : Fail(fmt::format("invalid option: \"{}\"; did you mean \"{}\"?", argument, close));
}

std::string OptionLine(const OptionRow& option, std::size_t width) {
  const std::string name =
      option.value.empty() ? std::string(option.name) : fmt::format("{} {}", option.name, option.value);
  return fmt::format("  {:<{}}{}\n", name, width, option.meaning);
}

}  // namespace colmeia::util
