#include "lab/command_line.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "lab/catalogue.h"
#include "util/options.h"

namespace colmeia::lab {
namespace {

constexpr std::string_view kDefaultJson = "colmeia-lab.json";
constexpr std::string_view kDefaultHtml = "colmeia-lab.html";

constexpr util::OptionRow kOptions[] = {
    {"--quick", "", "", "a tenth of the samples: some ten seconds for all, and rough numbers"},
    {"--json", "FILE", "", "write the numbers there"},
    {"--html", "FILE", "", "write a page with tables and charts there; it needs nothing but itself"},
    {"--version", "", "", "show the version"},
    {"-h", "", "", "this help"},
};

}  // namespace

Result<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments) {
  CommandLine line;
  util::OptionReader reader(kOptions, arguments, "colmeia-lab");
  for (;;) {
    const auto item = reader.Next();
    if (!item) return tl::unexpected(item.error());
    if (!*item) break;
    const auto& [option, text] = **item;
    const std::string_view name = option == nullptr ? std::string_view() : option->name;
    if (name == "-h" || name == "--version" || (option == nullptr && text == "help")) {
      line.task = name == "--version" ? Task::kVersion : Task::kHelp;
      return line;
    }
    if (option == nullptr) line.names.push_back(text);
    if (name == "--quick") line.quick = true;
    if (name == "--json") line.json = text;
    if (name == "--html") line.html = text;
  }
  if (line.names == std::vector<std::string>{"list"} || line.names == std::vector<std::string>{"nothing"}) {
    line.task = line.names.front() == "list" ? Task::kList : Task::kNothing;
    return line;
  }
  if (line.names.empty()) {
    if (arguments.empty()) return line;  // the help
    return Fail("what is to be measured? `colmeia-lab all`, or names that `colmeia-lab list` shows");
  }
  if (auto chosen = Choose(line.names); !chosen) return tl::unexpected(chosen.error());
  line.task = Task::kMeasure;
  if (std::find(line.names.begin(), line.names.end(), "all") != line.names.end()) {
    if (line.json.empty()) line.json = kDefaultJson;
    if (line.html.empty()) line.html = kDefaultHtml;
  }
  return line;
}

std::string HelpText() {
  std::string text = fmt::format(R"(colmeia-lab: ways to coordinate, measured on this machine, side by side

  colmeia-lab all               measure everything, in less than two minutes; print tables, write {} and
                                {} into the working directory
  colmeia-lab NAME...           measure some: names of exhibits or of families
  colmeia-lab list              what there is

)",
                                 kDefaultJson, kDefaultHtml);
  for (const util::OptionRow& option : kOptions) text += util::OptionLine(option, 16);
  return text + R"(
Everything is measured pinned to one core, then to two where this process may use two. It needs no rights; what cannot
run here says why, and the rest goes on.

Exit status: 0 all was measured; 1 a mistake in the command line; 2 a report could not be written; 3 something could not
be measured; 130 interrupted.
)";
}

std::string ListText() {
  std::string text;
  const Family* last = nullptr;
  std::size_t width = 0;
  for (const Exhibit& exhibit : Catalogue()) width = std::max(width, exhibit.name.size());
  for (const Exhibit& exhibit : Catalogue()) {
    if (exhibit.family != last) {
      text += fmt::format("{}{}: {}\n", last == nullptr ? "" : "\n", exhibit.family->name, exhibit.family->title);
    }
    last = exhibit.family;
    text += fmt::format("  {:<{}}  {}\n", exhibit.name, width, exhibit.what);
  }
  return text;
}

}  // namespace colmeia::lab
