// `colmeia ctl`: asks the running master over its control socket, waits for the result and tells it; and the part of
// that which `-s` uses.
//
// The verbs are control::Routes(), and those that only show something (app/ctl_help.h). Answers go to descriptor 1,
// reasons why there is none to descriptor 2. Exit codes are control/answer.h's: 0 done, 1 configuration or command
// line, 2 a right or a resource, 3 not running, 4 timed out, 5 rolled back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/ctl_line.h"
#include "control/answer.h"
#include "control/client.h"
#include "control/routes.h"
#include "control/status.h"
#include "util/clock.h"
#include "util/result.h"

namespace colmeia::app {

// The whole command; returns the exit code.
[[nodiscard]] int RunControl(const std::vector<std::string>& arguments);

// Whether it tells the server to leave: quit and stop.
[[nodiscard]] bool EndsServer(const control::Route& route);

// Gives an order and waits for what comes of it, for quit and stop until the process has ended.
[[nodiscard]] control::Answer Order(control::Client& client, const control::Route& route, std::uint32_t argument,
                                    util::TimePoint deadline);

// What the server says about `target`, a path with its query. The error's code is the exit code.
[[nodiscard]] Result<std::string> Fetch(control::Client& client, std::string_view target, util::TimePoint deadline);

// All that the server tells of itself.
[[nodiscard]] Result<control::Status> FetchStatus(control::Client& client, util::TimePoint deadline);

// The exit code for what control::Client failed with.
[[nodiscard]] int ExitCodeOf(const Error& error);

}  // namespace colmeia::app
