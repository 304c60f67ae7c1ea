#include "modules/hive_json.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include <fmt/format.h>

#include "scoreboard/layout.h"
#include "scoreboard/silence.h"
#include "util/escape.h"

namespace colmeia::modules {
namespace {

using scoreboard::Counts;
using scoreboard::Gauge;
using scoreboard::SlotState;
using scoreboard::SlotView;
using scoreboard::Total;

// Writes members and elements one after the other, and the commas between them.
class Writer {
 public:
  void Open(char bracket) {
    Separate();
    out_ += bracket;
    first_ = true;
  }
  void Open(std::string_view name, char bracket) {
    Name(name);
    out_ += bracket;
    first_ = true;
  }
  void Close(char bracket) {
    out_ += bracket;
    first_ = false;
  }
  void Number(std::string_view name, std::uint64_t value) {
    Name(name);
    fmt::format_to(std::back_inserter(out_), "{}", value);
  }
  void Text(std::string_view name, std::string_view value) {
    Name(name);
    out_ += util::JsonString(value);
  }
  void Flag(std::string_view name, bool value) {
    Name(name);
    out_ += value ? "true" : "false";
  }
  void Null(std::string_view name) {
    Name(name);
    out_ += "null";
  }
  void Element(std::uint64_t value) {
    Separate();
    fmt::format_to(std::back_inserter(out_), "{}", value);
  }
  void NullElement() {
    Separate();
    out_ += "null";
  }
  [[nodiscard]] std::string Take() { return std::move(out_); }

 private:
  void Separate() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  void Name(std::string_view name) {
    Separate();
    fmt::format_to(std::back_inserter(out_), "\"{}\":", name);
  }

  std::string out_;
  bool first_ = true;
};

void AddConnections(const Counts& counts, Writer& out) {
  out.Open("connections", '{');
  out.Number("active", counts[Gauge::kConnections]);
  out.Number("reading", counts[Gauge::kReading]);
  out.Number("writing", counts[Gauge::kWriting]);
  out.Number("waiting", counts[Gauge::kWaiting]);
  out.Close('}');
}

// What outlives a worker, but for the lag.
void AddTotals(const Counts& counts, Writer& out) {
  out.Number("cpu_us", counts[Total::kCpuUs]);
  out.Number("accepts", counts[Total::kAccepts]);
  out.Number("wasted_wakeups", counts[Total::kWastedAccepts]);
  out.Number("requests", counts[Total::kRequests]);
  out.Open("responses", '{');
  out.Number("1xx", counts[Total::kResponses1xx]);
  out.Number("2xx", counts[Total::kResponses2xx]);
  out.Number("3xx", counts[Total::kResponses3xx]);
  out.Number("4xx", counts[Total::kResponses4xx]);
  out.Number("5xx", counts[Total::kResponses5xx]);
  out.Close('}');
  out.Number("bytes_received", counts[Total::kBytesIn]);
  out.Number("bytes_sent", counts[Total::kBytesOut]);
  out.Number("loop_turns", counts[Total::kLoopTurns]);
  out.Number("busy_us", counts[Total::kBusyNs] / 1000);
  out.Number("connections_full", counts[Total::kConnectionsFull]);
  out.Number("descriptors_out", counts[Total::kDescriptorsOut]);
  out.Number("log_lines_lost", counts[Total::kLogLinesLost]);
  out.Number("gzip_cache_hits", counts[Total::kGzipCacheHits]);
  out.Number("gzip_cache_misses", counts[Total::kGzipCacheMisses]);
}

void AddLagCounts(const Counts& counts, Writer& out) {
  out.Open("counts", '[');
  for (const std::uint64_t count : counts.lag) out.Element(count);
  out.Close(']');
}

void AddServer(const HiveFacts& facts, Writer& out) {
  const scoreboard::ServerView& server = facts.picture.server;
  out.Open("server", '{');
  out.Text("version", facts.version);
  out.Text("state", scoreboard::ServerStateName(server.state));
  out.Number("generation", server.generation);
  out.Number("wall_ms", facts.wall_ms);
  out.Number("started_wall_ms", server.started_wall_ms);
  out.Number("uptime_ms", Since(server.started_ns, facts) / 1'000'000);
  out.Text("accept_by", facts.accept_by);
  out.Open("answered_by", '{');
  out.Number("slot", facts.slot);
  out.Number("pid", static_cast<std::uint64_t>(facts.pid));
  out.Close('}');
  out.Close('}');

  if (!facts.has_master) return out.Null("master");
  out.Open("master", '{');
  out.Number("pid", static_cast<std::uint64_t>(server.master_pid));
  out.Number("cpu_us", server.cpu_us);
  out.Number("rss_bytes", server.rss_bytes);
  out.Close('}');
}

void AddReload(std::string_view name, const std::optional<scoreboard::Reload>& reload, Writer& out) {
  if (!reload) return out.Null(name);
  out.Open(name, '{');
  out.Number("generation", reload->generation);
  out.Text("result", reload->succeeded ? "succeeded" : "failed");
  out.Text("why", reload->why);
  out.Number("wall_ms", reload->wall_ms);
  out.Number("duration_ms", reload->duration_us / 1000);
  out.Close('}');
}

void AddHistory(const scoreboard::ServerView& server, Writer& out) {
  out.Open("reloads", '{');
  out.Number("succeeded", server.reloads_succeeded);
  out.Number("failed", server.reloads_failed);
  AddReload("last", server.last_reload, out);
  AddReload("last_failed", server.last_failed_reload, out);
  out.Close('}');
  out.Number("respawns", server.respawns);
  out.Number("names_lost", server.names_lost);
}

void AddZones(const HiveFacts& facts, Writer& out) {
  out.Open("zones", '[');
  for (const ZoneFacts& zone : facts.zones) {
    out.Open('{');
    out.Text("name", zone.name);
    out.Text("kind", zone::KindName(zone.kind));
    out.Number("size_bytes", zone.size);
    out.Number("slots", zone.occupancy.slots);
    out.Number("living", zone.occupancy.living);
    out.Number("refused", zone.occupancy.refused);
    out.Close('}');
  }
  out.Close(']');
}

void AddWorker(std::uint32_t slot, const SlotView& view, const HiveFacts& facts, Writer& out) {
  out.Open('{');
  out.Number("slot", slot);
  out.Number("seat", view.seat);
  out.Number("generation", view.generation);
  out.Number("pid", static_cast<std::uint64_t>(view.pid));
  const scoreboard::Pulse pulse = scoreboard::PulseOf(view, facts.monotonic_ns);
  out.Text("state", scoreboard::StateWord(view.state, pulse));
  out.Flag("serving", view.state == SlotState::kReady && !pulse.silent_ns);
  out.Number("started_wall_ms", view.started_wall_ms);
  out.Number("uptime_ms", Since(view.started_ns, facts) / 1'000'000);
  if (view.heartbeat_ns == 0) {
    out.Null("heartbeat_age_ms");
  } else {
    out.Number("heartbeat_age_ms", Since(view.heartbeat_ns, facts) / 1'000'000);
  }
  if (pulse.silent_ns) {
    out.Number("silent_ms", *pulse.silent_ns / 1'000'000);
  } else {
    out.Null("silent_ms");
  }
  out.Number("rss_bytes", view.counts[Gauge::kRssBytes]);
  AddConnections(view.counts, out);
  AddTotals(view.counts, out);
  out.Open("loop_lag", '{');
  out.Number("last_us", std::max(view.counts[Gauge::kLagLastNs], pulse.turn_ns) / 1000);
  out.Number("longest_us", std::max(view.counts[Gauge::kLagMaxNs], pulse.turn_ns) / 1000);
  AddLagCounts(view.counts, out);
  out.Close('}');
  out.Close('}');
}

void AddSum(std::string_view name, const Counts& counts, bool with_connections, Writer& out) {
  out.Open(name, '{');
  if (with_connections) AddConnections(counts, out);
  AddTotals(counts, out);
  out.Open("loop_lag", '{');
  AddLagCounts(counts, out);
  out.Close('}');
  out.Close('}');
}

}  // namespace

std::string HiveJson(const HiveFacts& facts) {
  const scoreboard::Picture& picture = facts.picture;
  Writer out;
  out.Open('{');
  AddServer(facts, out);
  AddHistory(picture.server, out);
  out.Open("loop_lag_limits_us", '[');
  for (std::size_t i = 0; i + 1 < scoreboard::kLagBuckets; ++i) out.Element(scoreboard::LagBucketLimitNs(i) / 1000);
  out.NullElement();
  out.Close(']');
  AddZones(facts, out);
  out.Open("workers", '[');
  for (const auto& [slot, view] : picture.slots) AddWorker(slot, view, facts, out);
  out.Close(']');
  AddSum("past", picture.past, /*with_connections=*/false, out);
  AddSum("totals", picture.sum, /*with_connections=*/true, out);
  out.Close('}');
  return out.Take();
}

}  // namespace colmeia::modules
