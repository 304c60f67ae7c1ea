// Report: a line in the error log about one exchange, in nginx's form: the message, then client, server, request and
// host.
#pragma once

#include <string_view>

#include <fmt/core.h>

#include "log/error_log.h"

namespace colmeia::pipeline {

class Exchange;

// The error log of the place that serves the exchange.
[[nodiscard]] log::ErrorLog& ErrorLogOf(Exchange& exchange);

// Writes `message` with the exchange's particulars behind it.
void WriteReport(Exchange& exchange, log::Level level, std::string_view message);

template <class... Args>
void Report(Exchange& exchange, log::Level level, fmt::format_string<Args...> format, Args&&... args) {
  if (!ErrorLogOf(exchange).Enabled(level)) return;
  WriteReport(exchange, level, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace colmeia::pipeline
