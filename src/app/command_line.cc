#include "app/command_line.h"

#include <string_view>

#include <fmt/format.h>

#include "config/default_paths.h"
#include "supervisor/signals.h"
#include "util/options.h"

namespace colmeia::app {
namespace {

// Those without a meaning are in no list of options.
constexpr util::OptionRow kOptions[] = {
    {"-?", "", "", "this help"},
    {"-h", "", "", "this help"},
    {"-v", "", "", "show the version and exit"},
    {"-V", "", "", "show the version, the compiler and the libraries, and exit"},
    {"-t", "", "", "check the configuration and exit"},
    {"-T", "", "", "check the configuration, print its files and what they come to, and exit"},
    {"-q", "", "", "say nothing but errors, with -t and with -s"},
    {"-s", "signal", "", "tell the running server, wait and print what came of it: stop, quit, reopen, reload"},
    {"-p", "prefix", "", "the folder that relative paths start from"},
    {"-c", "file", "", "the configuration file"},
    {"-e", "file", "", "the error log when the configuration names none, or stderr"},
    {"-g", "directives", "", "directives of the main context, before those of the file"},
    {"--help", "", "", ""},
    {"--version", "", "", ""},
    {"--plan", "", "", ""},
    {"--reference", "", "", ""},
};

Result<> Apply(std::string_view name, const std::string& value, CommandLine& out) {
  if (name == "-?" || name == "-h" || name == "--help") out.task = Task::kHelp;
  if ((name == "-v" && out.task != Task::kBuild) || name == "--version") out.task = Task::kVersion;
  if (name == "-V") out.task = Task::kBuild;
  if (name == "-t" || name == "-T") out.task = Task::kTest;
  if (name == "-T") out.dump = true;
  if (name == "-q") out.quiet = true;
  if (name == "-p") out.compile.prefix = value;
  if (name == "-c") out.compile.conf = value;
  if (name == "-e") out.compile.error_log = value;
  if (name == "-g") out.compile.directives = value;
  if (name == "--plan") out.task = Task::kPlan;
  if (name == "--reference") out.task = Task::kReference;
  if (name != "-s") return {};
  if (supervisor::FindVerb(value) == nullptr) {
    return Fail(fmt::format("invalid option: \"-s {}\"; the signals are stop, quit, reopen and reload", value));
  }
  out.task = Task::kSignal;
  out.verb = value;
  return {};
}

// After these nothing more is read.
bool IsLast(std::string_view name) { return name == "--help" || name == "--version" || name == "--reference"; }

}  // namespace

Result<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments) {
  CommandLine out;
  util::OptionReader reader(kOptions, arguments, "colmeia");
  for (;;) {
    const auto item = reader.Next();
    if (!item) return tl::unexpected(item.error());
    if (!*item) break;
    const auto& [option, text] = **item;
    if (option == nullptr) return Fail(fmt::format("invalid option: \"{}\"; see colmeia -h", text));
    if (auto applied = Apply(option->name, text, out); !applied) return tl::unexpected(applied.error());
    if (IsLast(option->name)) break;
  }
  return out;
}

std::string VersionText() { return "colmeia version: colmeia/" COLMEIA_VERSION "\n"; }

std::string BuildText() {
  return VersionText() + fmt::format(
                             "built by {} {}\nlibraries: {}\n"
                             "prefix: {}\nconfiguration: {}\npid file: {}\nerror log: {}\naccess log: {}\nuser: {}\n",
#ifdef __clang__
                             "clang", __clang_version__,
#else
                             "gcc", __VERSION__,
#endif
                             "libuv, llhttp (strict), spdlog, fmt, PCRE2, libseccomp, nlohmann JSON",
                             config::kDefaultPrefix, config::kDefaultConf, config::kDefaultPid,
                             config::kDefaultErrorLog, config::kDefaultAccessLog, config::kDefaultUser);
}

std::string HelpText() {
  std::string text =
      VersionText() +
      "Usage: colmeia [-?hvVtTq] [-s signal] [-p prefix] [-c file] [-e file] [-g directives]\n"
      "       colmeia ctl [-h] ...    ask the running server, and tell it what to do\n"
      "       colmeia serve [-h] DIR  serve a folder until Ctrl-C, without a configuration file\n"
      "       colmeia --plan ...      what the configuration comes to: prefix, logs, addresses, workers\n"
      "\nOptions:\n";
  for (const util::OptionRow& option : kOptions) {
    if (option.meaning.empty()) continue;
    const std::string left =
        option.value.empty() ? std::string(option.name) : fmt::format("{} {}", option.name, option.value);
    std::string meaning(option.meaning);
    if (option.name == "-p") meaning += fmt::format(" (default: {})", config::kDefaultPrefix);
    if (option.name == "-c") meaning += fmt::format(" (default: {})", config::kDefaultConf);
    text += fmt::format("  {:<14}: {}\n", left, meaning);
  }
  text +=
      "\nExit codes: 0 done, 1 configuration or command line, 2 an address, file or right could not be had,\n"
      "            3 not running, 4 timed out, 5 rolled back.\n";
  return text;
}

}  // namespace colmeia::app
