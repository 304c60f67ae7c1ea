#include "pipeline/report.h"

#include "pipeline/core_settings.h"
#include "pipeline/exchange.h"
#include "pipeline/services.h"
#include "pipeline/site.h"

namespace colmeia::pipeline {

log::ErrorLog& ErrorLogOf(Exchange& exchange) {
  const std::size_t ordinal = exchange.location != nullptr ? exchange.settings<CoreSettings>().error_log : 0;
  return *exchange.services->error_logs[ordinal];
}

void WriteReport(Exchange& exchange, log::Level level, std::string_view message) {
  const Request& request = exchange.request;
  std::string line(message);
  line += fmt::format(", client: {}, server: {}", exchange.connection->peer->HostText(),
                      exchange.server != nullptr ? std::string_view(exchange.server->name) : std::string_view());
  if (!request.line.empty()) line += fmt::format(", request: \"{}\"", request.line);
  if (!request.host.empty()) line += fmt::format(", host: \"{}\"", request.host);
  ErrorLogOf(exchange).Write(level, line, exchange.connection->number);
}

}  // namespace colmeia::pipeline
