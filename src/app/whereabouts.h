// Whereabouts: where the server of a configuration is to be found although the configuration has mistakes, so that one
// can still be told to leave.
#pragma once

#include <optional>
#include <string>

#include "config/source.h"

namespace colmeia::app {

// Absolute paths, empty where there is none.
struct Whereabouts {
  std::string pid_path;
  std::string control_path;
  bool pid_is_named = false;  // the text says it; otherwise it is the default, which may be another server's
};

// Reads no more of the text than the directives `pid` and `control` of the main context.
[[nodiscard]] Whereabouts WhereaboutsIn(const config::Source& source);

// The pid file of the server that answers at this control socket, provided that it runs from the configuration file
// `conf_path`. Waits some seconds for the answer.
[[nodiscard]] std::optional<std::string> PidFileOfServer(const std::string& control_path, const std::string& conf_path);

}  // namespace colmeia::app
