// An event as one JSON object: what the control socket, the web page and `ctl trace --json` speak. The members are
// described in src/trace/README.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "trace/event.h"

namespace colmeia::trace {

// One line, without a newline at its end. With `frame` there is a member "frame" too: these bytes in hexadecimal.
[[nodiscard]] std::string Json(const Event& event, const std::optional<std::string>& frame = std::nullopt);

}  // namespace colmeia::trace
