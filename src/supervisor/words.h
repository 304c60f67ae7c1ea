// Words for the master's log lines.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "util/clock.h"

namespace colmeia::supervisor {

// "10 s", "0.4 s"
[[nodiscard]] std::string Words(util::Duration duration);

// "1 worker", "4 workers"
[[nodiscard]] std::string Count(std::size_t count, std::string_view noun);

// The lines of a text, without empty ones. At least one, though it may be empty.
[[nodiscard]] std::vector<std::string> Lines(std::string_view text);

// The lines of a text joined into one, for a log line.
[[nodiscard]] std::string OneLine(std::string_view text);

// "site.conf:3: ", or nothing when the place is not known.
[[nodiscard]] std::string Place(const std::string& where);

}  // namespace colmeia::supervisor
