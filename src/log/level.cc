#include "log/level.h"

#include <array>
#include <cstddef>

namespace colmeia::log {

namespace {

// By number, from 1.
constexpr std::array<std::string_view, 8> kNames = {"emerg", "alert",  "crit", "error",
                                                    "warn",  "notice", "info", "debug"};

}  // namespace

std::string_view LevelName(Level level) {
  const auto index = static_cast<std::size_t>(level) - 1;
  return index < kNames.size() ? kNames[index] : "none";
}

std::optional<Level> ParseLevel(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Level>(i + 1);
  }
  return std::nullopt;
}

}  // namespace colmeia::log
