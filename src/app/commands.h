// The commands that serve nobody: -t, -T and -s. Each ends with a result in words and an exit code.
#pragma once

#include "app/command_line.h"

namespace colmeia::app {

// -t and -T: reads the whole configuration, opens its logs and tries its addresses, as nginx does.
[[nodiscard]] int TestConfiguration(const CommandLine& command_line);

// -s: tells the running master over the configuration's control socket and waits for the result. Where nobody answers
// there it finds the master by the pid file and sends the signal; then only the end of stop and quit can be waited for.
[[nodiscard]] int SendSignal(const CommandLine& command_line);

}  // namespace colmeia::app
