// The command line, as nginx's: what was asked for, and the texts of -h, -v and -V.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ipc/messages.h"
#include "util/result.h"

namespace colmeia::app {

enum class Task {
  kRun,        // serve
  kTest,       // -t, -T: check the configuration
  kSignal,     // -s: tell the running server something
  kVersion,    // -v
  kBuild,      // -V
  kHelp,       // -h, -?
  kPlan,       // --plan: what the configuration comes to, in a few lines
  kReference,  // --reference: the directives as Markdown, for conf/REFERENCE.md
};

struct CommandLine {
  Task task = Task::kRun;
  bool dump = false;     // -T
  bool quiet = false;    // -q
  std::string verb;      // of -s
  ipc::Compile compile;  // -p, -c, -e, -g
};

// nginx's options: values attached or in the next argument, the last one wins. The error names the argument.
[[nodiscard]] Result<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments);

// "colmeia version: colmeia/0.1.0"
[[nodiscard]] std::string VersionText();
// The same, the compiler, the libraries and the paths.
[[nodiscard]] std::string BuildText();
[[nodiscard]] std::string HelpText();

}  // namespace colmeia::app
