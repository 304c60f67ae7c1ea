// Options of a command: rows of one table, from which they are read and the help is made.
//
//   OptionReader reader(kOptions, arguments, "colmeia serve");
//   for (;;) {
//     auto item = reader.Next();
//     if (!item) return error;
//     if (!*item) break;
//     if ((*item)->option == nullptr) word((*item)->text); else take(*(*item)->option, (*item)->text);
//   }
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "util/result.h"

namespace colmeia::util {

struct OptionRow {
  std::string_view name;   // "-c" or "--socket"
  std::string_view value;  // what follows it; empty: nothing
  std::string_view verb;   // that takes it; empty: every verb does
  std::string_view meaning;
};

// Reads arguments as getopt_long(3) does: a value stands in the next argument or is attached ("-cFILE", "--socket=PATH"),
// letters without one may stand together ("-tq"), behind "--" all are words, and words may stand between options. "-?"
// and "--help" are "-h" unless they have rows of their own.
class OptionReader {
 public:
  // All must outlive this. `command` is what has a help of these options, for errors.
  OptionReader(std::span<const OptionRow> options, const std::vector<std::string>& arguments, std::string_view command)
      : options_(options), arguments_(arguments), command_(command) {}

  struct Item {
    const OptionRow* option = nullptr;  // null: a word
    std::string text;                   // the word, or the option's value
  };
  // The next one; nothing at the end. The error names the argument, and an option that was meant if one is close.
  [[nodiscard]] Result<std::optional<Item>> Next();

 private:
  [[nodiscard]] const OptionRow* Find(std::string_view name) const;
  [[nodiscard]] Result<std::optional<Item>> TakeLetter();
  [[nodiscard]] Result<std::optional<Item>> TakeLong(const std::string& argument);
  [[nodiscard]] Result<std::optional<Item>> WithValue(const OptionRow& option, std::string attached);
  [[nodiscard]] tl::unexpected<Error> Unknown(std::string_view argument) const;

  std::span<const OptionRow> options_;
  const std::vector<std::string>& arguments_;
  std::string_view command_;
  std::size_t at_ = 0;      // the next argument
  std::size_t letter_ = 0;  // within the argument before it, whose letters stand together; 0: none is left
  bool words_only_ = false;
};

// "  --listen ADDR  where to answer", with `width` for name and value.
[[nodiscard]] std::string OptionLine(const OptionRow& option, std::size_t width);

}  // namespace colmeia::util
