// nginx's sizes and times as numbers: "8k", "1m", "1g"; "1h30m", "500ms", "30s", a bare number of seconds.
//
// Nothing is rounded and nothing overflows: a text that is no exact value of the result type has no value.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "util/clock.h"

namespace colmeia::util {

// Bytes: a decimal number with at most one of k, m, g (powers of 1024) in either case. At most INT64_MAX.
[[nodiscard]] std::optional<std::uint64_t> ParseSize(std::string_view text);

// A time made of parts, largest unit first and each at most once: y (365d) M (30d) w d h m s ms. A last part without a
// unit counts seconds. Spaces may stand between the parts. At most INT64_MAX / 1000 milliseconds.
[[nodiscard]] std::optional<Milliseconds> ParseTime(std::string_view text);

// The same for directives that count in seconds: "ms" is not understood.
[[nodiscard]] std::optional<std::chrono::seconds> ParseSeconds(std::string_view text);

}  // namespace colmeia::util
