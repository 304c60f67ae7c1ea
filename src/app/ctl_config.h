// `colmeia ctl config`: the configuration that the running server was compiled from, laid out as `colmeia -T` does it
// for a file. It reads no file: what was edited since the last reload does not show.
#pragma once

#include <string>

#include "app/ctl_line.h"
#include "control/client.h"
#include "control/configuration.h"
#include "control/routes.h"
#include "util/clock.h"
#include "util/result.h"

namespace colmeia::app {

// Asks and prints; returns the exit code.
[[nodiscard]] int ShowConfiguration(control::Client& client, const control::Route& route, const ControlLine& line,
                                    util::TimePoint deadline);

// The page of it, with the defaults of this binary. The error says that it is not understood.
[[nodiscard]] Result<std::string> ConfigurationText(const control::Configuration& configuration);

}  // namespace colmeia::app
