// Options of a command as rows of one table, from which they are parsed and the help is made: those of `colmeia ctl`
// and of `colmeia serve`. nginx's own letters are in command_line.h.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "util/result.h"

namespace colmeia::app {

struct OptionRow {
  std::string_view name;
  std::string_view value;  // what follows it; empty: nothing
  std::string_view verb;   // that takes it; empty: every verb does
  std::string_view meaning;
};

// The option that an argument is, alone or with its value attached ("-cFILE", "--socket=PATH"); null for none. "-?" and
// "--help" are "-h".
[[nodiscard]] const OptionRow* FindOption(std::span<const OptionRow> options, std::string_view argument);

// The value that arguments[at] has attached, or the next argument, past which `at` is moved; empty for an option
// without one. Fails when there is none. REQUIRES: arguments[at] is `option`.
[[nodiscard]] Result<std::string> TakeValue(const OptionRow& option, const std::vector<std::string>& arguments,
                                            std::size_t& at);

// "  --listen ADDR  where to answer", with `width` for name and value.
[[nodiscard]] std::string OptionLine(const OptionRow& option, std::size_t width);

}  // namespace colmeia::app
