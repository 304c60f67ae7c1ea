// What the control socket tells, laid out for a terminal: every field of control/status.h, in tables no wider than
// asked.
//
// It shows what the JSON holds, field by field from the same list, so neither can know more than the other.
#pragma once

#include <cstddef>
#include <string>

#include "control/status.h"

namespace colmeia::app {

[[nodiscard]] std::string StatusText(const control::Status& status, std::size_t width);
[[nodiscard]] std::string WorkersText(const control::Status& status, std::size_t width);
[[nodiscard]] std::string GenerationsText(const control::Status& status, std::size_t width);

// One line: "serving: 4 of 4 workers, generation 2, up 3h12m"
[[nodiscard]] std::string HealthText(const control::Health& health);

// The verbs of `colmeia ctl`, one a line.
[[nodiscard]] std::string VerbsText();

}  // namespace colmeia::app
