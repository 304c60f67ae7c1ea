// The command line of colmeia-lab.
#pragma once

#include <string>
#include <vector>

#include "util/result.h"

namespace colmeia::lab {

// The exit codes, which --help explains.
enum ExitCode : int {
  kExitOk = 0,
  kExitCommandLine = 1,
  kExitOutput = 2,
  kExitNotMeasured = 3,
  kExitInterrupted = 130,  // as a shell counts SIGINT
};

enum class Task {
  kMeasure,
  kList,
  kHelp,
  kVersion,
  kNothing,  // end at once: what the exhibits run that measure exec
};

struct CommandLine {
  Task task = Task::kHelp;
  std::vector<std::string> names;  // of exhibits, families, or "all"
  bool quick = false;
  std::string json;  // where to write; empty: nowhere
  std::string html;
};

// `arguments` without the program's name. "all" writes both reports into the working directory unless told where to.
[[nodiscard]] Result<CommandLine> ParseCommandLine(const std::vector<std::string>& arguments);

[[nodiscard]] std::string HelpText();
[[nodiscard]] std::string ListText();

}  // namespace colmeia::lab
