// Report: a line in the error log about one exchange, in nginx's form: the message, then client, server, request and
// host.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include <fmt/core.h>

#include "log/error_log.h"
#include "util/escape.h"

namespace colmeia::pipeline {

class Exchange;

// The error log of the place that serves the exchange.
[[nodiscard]] log::ErrorLog& ErrorLogOf(Exchange& exchange);

// Writes `message` with the exchange's particulars behind it. What a client had a hand in stands between quotes there,
// and has gone through Shown().
void WriteReport(Exchange& exchange, log::Level level, std::string_view message);

// A path or a name, as it stands between quotes of a message: that text itself, or a copy in the exchange's arena.
[[nodiscard]] std::string_view Shown(Exchange& exchange, std::string_view text);

// Texts among the arguments go through Shown().
template <class... Args>
void Report(Exchange& exchange, log::Level level, fmt::format_string<Args...> format, Args&&... args) {
  if (!ErrorLogOf(exchange).Enabled(level)) return;
  [[maybe_unused]] const auto shown = [&exchange](const auto& value) -> decltype(auto) {
    if constexpr (std::is_convertible_v<decltype(value), std::string_view>) {
      return Shown(exchange, value);
    } else {
      return (value);
    }
  };
  WriteReport(exchange, level, fmt::format(fmt::runtime(format), shown(args)...));
}

}  // namespace colmeia::pipeline
