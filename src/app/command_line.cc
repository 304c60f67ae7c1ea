#include "app/command_line.h"

#include <array>
#include <string_view>

#include <fmt/format.h>

#include "config/default_paths.h"
#include "supervisor/signals.h"

namespace colmeia::app {
namespace {

struct Option {
  char letter;
  bool takes_value;
  std::string_view value;  // its name in the help
  std::string_view meaning;
};

constexpr std::array kOptions = {
    Option{'?', false, "", "this help"},
    Option{'h', false, "", "this help"},
    Option{'v', false, "", "show the version and exit"},
    Option{'V', false, "", "show the version, the compiler and the libraries, and exit"},
    Option{'t', false, "", "check the configuration and exit"},
    Option{'T', false, "", "check the configuration, print its files and what they come to, and exit"},
    Option{'q', false, "", "say nothing but errors, with -t and with -s"},
    Option{'s', true, "signal", "tell the running server, wait and print what came of it: stop, quit, reopen, reload"},
    Option{'p', true, "prefix", "the folder that relative paths start from"},
    Option{'c', true, "file", "the configuration file"},
    Option{'e', true, "file", "the error log when the configuration names none, or stderr"},
    Option{'g', true, "directives", "directives of the main context, before those of the file"},
};

const Option* FindOption(char letter) {
  for (const Option& option : kOptions) {
    if (option.letter == letter) return &option;
  }
  return nullptr;
}

Result<> Apply(char letter, const std::string& value, CommandLine& out) {
  switch (letter) {
    case '?':
    case 'h':
      out.task = Task::kHelp;
      break;
    case 'v':
      if (out.task != Task::kBuild) out.task = Task::kVersion;
      break;
    case 'V':
      out.task = Task::kBuild;
      break;
    case 'T':
      out.dump = true;
      [[fallthrough]];
    case 't':
      out.task = Task::kTest;
      break;
    case 'q':
      out.quiet = true;
      break;
    case 's': {
      if (supervisor::FindVerb(value) == nullptr) {
        return Fail(fmt::format("invalid option: \"-s {}\"; the signals are stop, quit, reopen and reload", value));
      }
      out.task = Task::kSignal;
      out.verb = value;
      break;
    }
    case 'p':
      out.compile.prefix = value;
      break;
    case 'c':
      out.compile.conf = value;
      break;
    case 'e':
      out.compile.error_log = value;
      break;
    case 'g':
      out.compile.directives = value;
      break;
    default:
      break;
  }
  return {};
}

}  // namespace

Result<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments) {
  CommandLine out;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if (argument == "--help") {
      out.task = Task::kHelp;
      return out;
    }
    if (argument == "--version") {
      out.task = Task::kVersion;
      return out;
    }
    if (argument == "--plan") {
      out.task = Task::kPlan;
      continue;
    }
    if (argument == "--reference") {
      out.task = Task::kReference;
      return out;
    }
    if (argument.size() < 2 || argument[0] != '-' || argument[1] == '-') {
      return Fail(fmt::format("invalid option: \"{}\"; see colmeia -h", argument));
    }
    // Letters may stand together, as in -tq; one that takes a value ends the group.
    for (std::size_t at = 1; at < argument.size(); ++at) {
      const Option* const option = FindOption(argument[at]);
      if (option == nullptr) return Fail(fmt::format("invalid option: \"{}\"; see colmeia -h", argument));
      std::string value;
      if (option->takes_value) {
        value = argument.substr(at + 1);
        if (value.empty() && i + 1 < arguments.size()) value = arguments[++i];
        if (value.empty()) return Fail(fmt::format("option \"-{}\" requires {}", option->letter, option->value));
        at = argument.size();
      }
      if (auto applied = Apply(option->letter, value, out); !applied) return tl::unexpected(applied.error());
    }
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
  for (const Option& option : kOptions) {
    const std::string left =
        option.takes_value ? fmt::format("-{} {}", option.letter, option.value) : fmt::format("-{}", option.letter);
    std::string meaning(option.meaning);
    if (option.letter == 'p') meaning += fmt::format(" (default: {})", config::kDefaultPrefix);
    if (option.letter == 'c') meaning += fmt::format(" (default: {})", config::kDefaultConf);
    text += fmt::format("  {:<14}: {}\n", left, meaning);
  }
  text +=
      "\nExit codes: 0 done, 1 configuration or command line, 2 an address, file or right could not be had,\n"
      "            3 not running, 4 timed out, 5 rolled back.\n";
  return text;
}

}  // namespace colmeia::app
