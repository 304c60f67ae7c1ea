// Launching: from the command line to a serving master, and back to the shell with the result.
#pragma once

#include <string>
#include <vector>

#include "control/answer.h"
#include "ipc/messages.h"
#include "resources/inherited.h"

namespace colmeia::app {

// Exit codes of every command: control/answer.h numbers them, and supervisor::RequestOutcome has the same.
using control::kExitConfiguration;
using control::kExitNotRunning;
using control::kExitOk;
using control::kExitResources;

struct LaunchOptions {
  ipc::Compile command_line;
  std::vector<std::string> arguments;  // argv: shown in the master's title, and given to a new binary
  resources::Inheritance inheritance;  // listening sockets that were open before, and the master we take over from
  std::string welcome{};               // told on descriptor 2 when a server in the foreground serves
};

// Compiles the configuration in a child, goes to the background when it says so, and serves. With `daemon on` it
// returns once all workers serve (0) or it is known why they do not; with `daemon off`, when the server has ended. A
// binary that takes over from a running master stays where it was started.
[[nodiscard]] int Launch(LaunchOptions options);

}  // namespace colmeia::app
