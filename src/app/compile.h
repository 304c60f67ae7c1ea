// Compiling a configuration: the command line in, the checked text and the plan out. It does not serve, and opens
// nothing.
//
// Done by a process that ends soon: the compiler child of the master, or the one that tests (-t) or signals (-s). So
// the long-lived, privileged master never parses, never waits for a name server, and leaks nothing from a thousand
// reloads.
#pragma once

#include <string>

#include "config/progress.h"
#include "config/source.h"
#include "ipc/messages.h"
#include "ipc/plan.h"

namespace colmeia::app {

struct Compilation {
  bool ok = false;
  std::string diagnostics;  // errors, when not ok
  config::Source source;
  ipc::ConfigText text;  // for the workers
  ipc::Plan plan;
};

// `progress`, which may be null, is told of each file before it is read and of each directive.
[[nodiscard]] Compilation CompileConfiguration(const ipc::Compile& command_line, config::Progress* progress);

// With absolute paths, so that it means the same from any directory: defaults filled in.
[[nodiscard]] ipc::Compile Resolved(ipc::Compile command_line);

// The life of a compiler child: Hello, Compile, Compiled. Returns the exit code.
[[nodiscard]] int RunCompiler();

}  // namespace colmeia::app
