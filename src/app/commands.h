// The commands that do not serve: -t, -T, --plan and -s. Each ends with a result in words and an exit code. `progress`,
// which may be null, is told where in the configuration they are.
#pragma once

#include "app/command_line.h"
#include "config/progress.h"

namespace colmeia::app {

// -t and -T: reads the whole configuration, opens its logs and tries its addresses, as nginx does.
[[nodiscard]] int TestConfiguration(const CommandLine& command_line, config::Progress* progress);

// --plan: where the configuration is, which files and addresses it opens and how many workers serve, one a line on
// descriptor 1: "address: http://localhost:8080/". It opens nothing.
[[nodiscard]] int ShowPlan(const CommandLine& command_line, config::Progress* progress);

// -s: finds the running master by the configuration's pid file, tells it over the control socket and waits for the
// result, which it prints in one line. Where it does not answer there it is sent the signal; then only the end of stop
// and quit can be waited for. When the pid file is missing, empty or of a process that is gone, the master that answers
// at the configuration's control socket is told, provided that it names the same pid file. A configuration with
// mistakes does not prevent that, as long as it can be read where the server is (whereabouts.h).
[[nodiscard]] int SendSignal(const CommandLine& command_line, config::Progress* progress);

}  // namespace colmeia::app
