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

// What a text is laid out for.
struct Paper {
  std::size_t width = 100;
  bool coloured = false;  // a terminal: the words for states stand in colours
};

[[nodiscard]] std::string StatusText(const control::Status& status, const Paper& paper);
[[nodiscard]] std::string WorkersText(const control::Status& status, const Paper& paper);
[[nodiscard]] std::string GenerationsText(const control::Status& status, const Paper& paper);

// "serving: 4 of 4 workers ready, generation 2, up 3h12m", and a line for each note.
[[nodiscard]] std::string HealthText(const control::Health& health, bool coloured = false);

// "512", "1.5K", "3.2M"
[[nodiscard]] std::string BytesText(std::uint64_t bytes);
using control::MillisecondsText;
// "300ns", "12us", "850ms"
[[nodiscard]] std::string NanosecondsText(std::uint64_t ns);

}  // namespace colmeia::app
