#include "lab/command_line.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "lab/catalogue.h"

namespace colmeia::lab {
namespace {

constexpr std::string_view kDefaultJson = "colmeia-lab.json";
constexpr std::string_view kDefaultHtml = "colmeia-lab.html";

// The value of "--name VALUE" or "--name=VALUE" at `i`, which moves to its last word; null when it is another option.
// An empty string stands for a value that is missing.
const std::string* ValueOf(std::string_view name, const std::vector<std::string>& arguments, std::size_t& i,
                           std::string& storage) {
  const std::string_view argument = arguments[i];
  if (argument == name) {
    storage = i + 1 < arguments.size() ? arguments[++i] : "";
    return &storage;
  }
  if (!argument.starts_with(name) || argument.substr(name.size(), 1) != "=") return nullptr;
  storage = argument.substr(name.size() + 1);
  return &storage;
}

}  // namespace

Result<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments) {
  CommandLine line;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    std::string value;
    if (argument == "-h" || argument == "--help" || argument == "help") {
      line.task = Task::kHelp;
      return line;
    }
    if (argument == "--version") {
      line.task = Task::kVersion;
      return line;
    }
    if (argument == "--quick") {
      line.quick = true;
    } else if (const auto* json = ValueOf("--json", arguments, i, value)) {
      if (json->empty()) return Fail("--json needs the path of a file");
      line.json = *json;
    } else if (const auto* html = ValueOf("--html", arguments, i, value)) {
      if (html->empty()) return Fail("--html needs the path of a file");
      line.html = *html;
    } else if (argument.starts_with("-")) {
      return Fail(fmt::format("there is no option \"{}\"; `colmeia-lab --help` shows them", argument));
    } else {
      line.names.push_back(argument);
    }
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
  return fmt::format(R"(colmeia-lab: ways to coordinate, measured on this machine, side by side

  colmeia-lab all               measure everything, in less than two minutes; print tables, write {} and
                                {} into the working directory
  colmeia-lab NAME...           measure some: names of exhibits or of families
  colmeia-lab list              what there is

  --quick         a tenth of the samples: some ten seconds for all, and rough numbers
  --json FILE     write the numbers there
  --html FILE     write a page with tables and charts there; it needs nothing but itself
  --version, --help

Everything is measured pinned to one core, then to two where this process may use two. It needs no rights; what cannot
run here says why, and the rest goes on.

Exit status: 0 all was measured; 1 a mistake in the command line; 2 a report could not be written; 3 something could not
be measured; 130 interrupted.
)",
                     kDefaultJson, kDefaultHtml);
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
