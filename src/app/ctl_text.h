// What the control socket tells, laid out for a terminal: every field of control/status.h, in tables no wider than
// asked.
//
// It shows what the JSON holds, field by field from the same list, so neither can know more than the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "control/status.h"

namespace colmeia::app {

[[nodiscard]] std::string StatusText(const control::Status& status, std::size_t width);
[[nodiscard]] std::string WorkersText(const control::Status& status, std::size_t width);
[[nodiscard]] std::string GenerationsText(const control::Status& status, std::size_t width);

// One line: "serving: 4 of 4 workers, generation 2, up 3h12m"
[[nodiscard]] std::string HealthText(const control::Health& health);

// "512", "1.5K", "3.2M"
[[nodiscard]] std::string BytesText(std::uint64_t bytes);
// "850ms", "3.2s", "12m05s", "3h12m", "5d03h"
[[nodiscard]] std::string MillisecondsText(std::uint64_t ms);
// "300ns", "12us", "850ms"
[[nodiscard]] std::string NanosecondsText(std::uint64_t ns);

}  // namespace colmeia::app
