// `colmeia ctl top`: the hive as it lives, on a terminal.
#pragma once

#include <string>

#include "app/ctl_line.h"

namespace colmeia::app {

// Asks the server at `socket` each second, until a key ends it; without a terminal, or with --once, it prints one
// picture. Returns the exit code.
[[nodiscard]] int ShowTop(const std::string& socket, const ControlLine& line);

}  // namespace colmeia::app
