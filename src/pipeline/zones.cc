#include "pipeline/zones.h"

#include "pipeline/evaluate.h"
#include "pipeline/exchange.h"
#include "pipeline/report.h"
#include "pipeline/services.h"

namespace colmeia::pipeline {

std::optional<std::uint64_t> HashOfKey(Exchange& exchange, const ZoneInUse& zone, const site::Template& key,
                                       std::size_t most) {
  const std::string_view value = Evaluate(key, exchange);
  if (value.empty()) return std::nullopt;
  if (value.size() > most) {
    Report(exchange, log::Level::kError, "the value of the \"{}\" key is more than {} bytes: \"{}\"", key.text(), most,
           value);
    return std::nullopt;
  }
  return zone.table.Hash(value);
}

void ReportFull(Exchange& exchange, ZoneInUse& zone, std::string_view kind, std::string_view name) {
  zone.table.CountRefused();
  const auto times = zone.full.Take(exchange.services->now);
  if (!times) return;
  Report(exchange, log::Level::kWarn,
         "no room for another key in {} \"{}\": {} {} refused since the last such line, give it a larger size", kind,
         name, *times, *times == 1 ? "request was" : "requests were");
}

std::uint64_t MonotonicMs(const Exchange& exchange) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<util::Milliseconds>(exchange.services->now.time_since_epoch()).count());
}

}  // namespace colmeia::pipeline
