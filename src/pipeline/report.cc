#include "pipeline/report.h"

#include <string>

#include "pipeline/exchange.h"
#include "pipeline/services.h"
#include "site/core_settings.h"
#include "site/site.h"

namespace colmeia::pipeline {

log::ErrorLog& ErrorLogOf(Exchange& exchange) {
  const std::size_t ordinal = exchange.location != nullptr ? exchange.settings<site::CoreSettings>().error_log : 0;
  return *exchange.services->error_logs[ordinal];
}

std::string_view Shown(Exchange& exchange, std::string_view text) {
  if (!util::MayNeedEscape(util::EscapeFor::kQuoted, text)) return text;
  return exchange.arena.Copy(util::Escaped(util::EscapeFor::kQuoted, text));
}

void WriteReport(Exchange& exchange, log::Level level, std::string_view message) {
  // A label, the value and the closing quote, or nothing at all.
  struct Quoted {
    std::string_view label;
    std::string_view value;
    std::string_view end;
    Quoted(std::string_view name, std::string_view text)
        : label(text.empty() ? "" : name), value(text), end(text.empty() ? "" : "\"") {}
  };
  const std::string client = exchange.connection->peer->HostText();
  const std::string_view server = exchange.server != nullptr ? std::string_view(exchange.server->name) : "";
  const Quoted line(", request: \"", Shown(exchange, exchange.request.line));
  const Quoted child(", subrequest: \"",
                     exchange.parent() == nullptr ? std::string_view{} : Shown(exchange, exchange.request.path));
  const Quoted host(", host: \"", Shown(exchange, exchange.request.host));
  ErrorLogOf(exchange).Write(level,
                             {message, ", client: ", client, ", server: ", server, line.label, line.value, line.end,
                              child.label, child.value, child.end, host.label, host.value, host.end},
                             exchange.connection->number);
}

}  // namespace colmeia::pipeline
