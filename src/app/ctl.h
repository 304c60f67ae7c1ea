// `colmeia ctl`: asks the running master over its control socket, waits for the result and tells it; and the part of
// that which `-s` uses.
//
//   colmeia ctl [-p prefix] [-c file] [-g directives] [--socket path] [--json] [--timeout time] [VERB [NUMBER]]
//
// The verbs are control::Routes(). Answers go to descriptor 1, reasons why there is none to descriptor 2. Exit codes
// are control/answer.h's: 0 done, 1 configuration or command line, 2 a right or a resource, 3 not running, 4 timed out,
// 5 rolled back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/answer.h"
#include "control/client.h"
#include "control/routes.h"
#include "ipc/messages.h"
#include "util/clock.h"
#include "util/result.h"

namespace colmeia::app {

struct ControlLine {
  ipc::Compile compile;                       // -p, -c, -g: where the configuration is that names the socket
  std::string socket;                         // --socket; empty: the configuration's
  bool json = false;                          // --json
  bool help = false;                          // -h
  std::optional<util::Milliseconds> timeout;  // --timeout; none: the route's patience
  std::string verb;                           // empty: none
  std::optional<std::uint32_t> number;
};

// `arguments` are those after "ctl". The error names the argument.
[[nodiscard]] Result<ControlLine> ParseControlLine(const std::vector<std::string>& arguments);

// The whole command; returns the exit code.
[[nodiscard]] int RunControl(const std::vector<std::string>& arguments);

// Whether it tells the server to leave: quit and stop.
[[nodiscard]] bool EndsServer(const control::Route& route);

// Gives an order and waits for what comes of it, for quit and stop until the process has ended.
[[nodiscard]] control::Answer Order(control::Client& client, const control::Route& route, std::uint32_t argument,
                                    util::TimePoint deadline);

}  // namespace colmeia::app
