#include "app/ctl_help.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/ctl_line.h"
#include "control/routes.h"

namespace colmeia::app {
namespace {

using control::Route;

// A verb that no route has: what it shows is made here.
struct LocalVerb {
  std::string_view verb;
  std::string_view meaning;
};
constexpr LocalVerb kLocalVerbs[] = {
    {"top",
     "The hive as it lives, on a terminal: every process, its load and its state; keys drain, kill, add, reload."},
    {"help", "This text; help VERB tells more of one."},
};

constexpr std::string_view kExitCodes =
    "Exit codes: 0 done, 1 configuration or command line, 2 a right or a resource could not be had (health: workers\n"
    "            are missing), 3 not running, 4 timed out, 5 rolled back: nothing has changed.\n";

// What a verb is called with.
std::string WithArgument(const Route& route) {
  return route.argument.empty() ? std::string(route.verb) : fmt::format("{} N", route.verb);
}

std::string OptionLines(std::string_view verb) {
  std::string out;
  for (const util::OptionRow& option : ControlOptions()) {
    if (option.verb == verb) out += OptionLine(option, 18);
  }
  return out;
}

std::string VerbLine(std::string_view verb, std::string_view meaning) {
  return fmt::format("  {:<13}{}\n", verb, meaning);
}

}  // namespace

std::vector<std::string_view> ControlVerbs() {
  std::vector<std::string_view> out;
  const auto add = [&out](std::string_view verb) {
    if (!verb.empty() && std::find(out.begin(), out.end(), verb) == out.end()) out.push_back(verb);
  };
  for (const Route& route : control::Routes()) add(route.verb);
  for (const LocalVerb& local : kLocalVerbs) add(local.verb);
  return out;
}

std::string VerbsText() {
  std::string out;
  for (const Route& route : control::Routes()) {
    if (!route.verb.empty()) out += VerbLine(WithArgument(route), route.meaning);
  }
  for (const LocalVerb& local : kLocalVerbs) out += VerbLine(local.verb, local.meaning);
  return out;
}

std::string ControlHelp() {
  std::string out =
      "Usage: colmeia ctl [OPTION]... [VERB [N]]\n\nVerbs:\n" + VerbsText() + "\nOptions:\n" + OptionLines("");
  for (const std::string_view verb : ControlVerbs()) {
    if (const std::string lines = OptionLines(verb); !lines.empty()) out += fmt::format("\nOf {}:\n{}", verb, lines);
  }
  return out + "\n" + std::string(kExitCodes);
}

std::string ControlHelp(std::string_view verb) {
  std::string usage;
  for (const Route& route : control::Routes()) {
    if (route.verb.empty() || route.verb != verb) continue;
    usage += fmt::format("  colmeia ctl {:<13}{}\n", WithArgument(route), route.meaning);
    usage += fmt::format("  {:<25}asks {} {}\n", "", http::MethodName(route.method), route.path);
  }
  for (const LocalVerb& local : kLocalVerbs) {
    if (local.verb == verb) usage += fmt::format("  colmeia ctl {:<13}{}\n", verb, local.meaning);
  }
  if (usage.empty()) return {};
  const std::string own = OptionLines(verb);
  return usage + (own.empty() ? "" : fmt::format("\nOptions of {}:\n{}", verb, own)) + "\nOptions of every verb:\n" +
         OptionLines("");
}

}  // namespace colmeia::app
