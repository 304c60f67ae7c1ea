// The commands that serve nobody: -t, -T and -s. Each ends with a result in words and an exit code.
#pragma once

#include "app/command_line.h"

namespace colmeia::app {

// -t and -T: reads the whole configuration, opens its logs and tries its addresses, as nginx does.
[[nodiscard]] int TestConfiguration(const CommandLine& command_line);

// -s: finds the running master by the configuration's pid file, tells it over the control socket and waits for the
// result. Where it does not answer there it is sent the signal; then only the end of stop and quit can be waited for.
// When the pid file is missing, empty or of a process that is gone, whoever answers at the configuration's control
// socket is told, provided that it names the same pid file.
[[nodiscard]] int SendSignal(const CommandLine& command_line);

}  // namespace colmeia::app
