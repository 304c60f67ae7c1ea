// The eight levels of nginx's error log, with its numbers and names.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace colmeia::log {

// Smaller is graver. Chosen by reader: error: wake someone; warn: look tomorrow; notice: life cycle; info: clients;
// debug: one connection's story.
enum class Level : std::uint8_t {
  kEmerg = 1,
  kAlert = 2,
  kCrit = 3,
  kError = 4,
  kWarn = 5,
  kNotice = 6,
  kInfo = 7,
  kDebug = 8,
};

// "emerg", "alert", "crit", "error", "warn", "notice", "info", "debug".
[[nodiscard]] std::string_view LevelName(Level level);

// The level of such a name, as in `error_log path level`.
[[nodiscard]] std::optional<Level> ParseLevel(std::string_view name);

}  // namespace colmeia::log
