#include "modules/hive_json.h"

#include <algorithm>
#include <string_view>

#include "scoreboard/layout.h"
#include "scoreboard/silence.h"
#include "util/json_writer.h"

namespace colmeia::modules {
namespace {

using scoreboard::Counts;
using scoreboard::Gauge;
using scoreboard::SlotState;
using scoreboard::SlotView;
using scoreboard::Total;

using util::JsonWriter;

void AddConnections(const Counts& counts, JsonWriter& out) {
  out.Key("connections").BeginObject();
  out.Member("active", counts[Gauge::kConnections]);
  out.Member("reading", counts[Gauge::kReading]);
  out.Member("writing", counts[Gauge::kWriting]);
  out.Member("waiting", counts[Gauge::kWaiting]);
  out.End();
}

// What outlives a worker, but for the lag.
void AddTotals(const Counts& counts, JsonWriter& out) {
  out.Member("cpu_us", counts[Total::kCpuUs]);
  out.Member("accepts", counts[Total::kAccepts]);
  out.Member("wasted_wakeups", counts[Total::kWastedAccepts]);
  out.Member("requests", counts[Total::kRequests]);
  out.Key("responses").BeginObject();
  out.Member("1xx", counts[Total::kResponses1xx]);
  out.Member("2xx", counts[Total::kResponses2xx]);
  out.Member("3xx", counts[Total::kResponses3xx]);
  out.Member("4xx", counts[Total::kResponses4xx]);
  out.Member("5xx", counts[Total::kResponses5xx]);
  out.End();
  out.Member("bytes_received", counts[Total::kBytesIn]);
  out.Member("bytes_sent", counts[Total::kBytesOut]);
  out.Member("loop_turns", counts[Total::kLoopTurns]);
  out.Member("busy_us", counts[Total::kBusyNs] / 1000);
  out.Member("connections_full", counts[Total::kConnectionsFull]);
  out.Member("descriptors_out", counts[Total::kDescriptorsOut]);
  out.Member("log_lines_lost", counts[Total::kLogLinesLost]);
  out.Member("gzip_cache_hits", counts[Total::kGzipCacheHits]);
  out.Member("gzip_cache_misses", counts[Total::kGzipCacheMisses]);
}

void AddLagCounts(const Counts& counts, JsonWriter& out) {
  out.Key("counts").BeginArray();
  for (const std::uint64_t count : counts.lag) out.Value(count);
  out.End();
}

void AddServer(const HiveFacts& facts, JsonWriter& out) {
  const scoreboard::ServerView& server = facts.picture.server;
  out.Key("server").BeginObject();
  out.Member("version", facts.version);
  out.Member("state", scoreboard::ServerStateName(server.state));
  out.Member("generation", server.generation);
  out.Member("wall_ms", facts.wall_ms);
  out.Member("started_wall_ms", server.started_wall_ms);
  out.Member("uptime_ms", Since(server.started_ns, facts) / 1'000'000);
  out.Member("accept_by", facts.accept_by);
  out.Key("answered_by").BeginObject();
  out.Member("slot", facts.slot);
  out.Member("pid", static_cast<std::uint64_t>(facts.pid));
  out.End();
  out.End();

  if (!facts.has_master) {
    out.Key("master").Null();
    return;
  }
  out.Key("master").BeginObject();
  out.Member("pid", static_cast<std::uint64_t>(server.master_pid));
  out.Member("cpu_us", server.cpu_us);
  out.Member("rss_bytes", server.rss_bytes);
  out.End();
}

void AddReload(std::string_view name, const std::optional<scoreboard::Reload>& reload, JsonWriter& out) {
  if (!reload) {
    out.Key(name).Null();
    return;
  }
  out.Key(name).BeginObject();
  out.Member("generation", reload->generation);
  out.Member("result", reload->succeeded ? "succeeded" : "failed");
  out.Member("why", reload->why);
  out.Member("wall_ms", reload->wall_ms);
  out.Member("duration_ms", reload->duration_us / 1000);
  out.End();
}

void AddHistory(const scoreboard::ServerView& server, JsonWriter& out) {
  out.Key("reloads").BeginObject();
  out.Member("succeeded", server.reloads_succeeded);
  out.Member("failed", server.reloads_failed);
  AddReload("last", server.last_reload, out);
  AddReload("last_failed", server.last_failed_reload, out);
  out.End();
  out.Member("respawns", server.respawns);
  out.Member("names_lost", server.names_lost);
}

void AddZones(const HiveFacts& facts, JsonWriter& out) {
  out.Key("zones").BeginArray();
  for (const ZoneFacts& zone : facts.zones) {
    out.BeginObject();
    out.Member("name", zone.name);
    out.Member("kind", zone::KindName(zone.kind));
    out.Member("size_bytes", zone.size);
    out.Member("slots", zone.occupancy.slots);
    out.Member("living", zone.occupancy.living);
    out.Member("refused", zone.occupancy.refused);
    out.End();
  }
  out.End();
}

void AddWorker(std::uint32_t slot, const SlotView& view, const HiveFacts& facts, JsonWriter& out) {
  out.BeginObject();
  out.Member("slot", slot);
  out.Member("seat", view.seat);
  out.Member("generation", view.generation);
  out.Member("pid", static_cast<std::uint64_t>(view.pid));
  const scoreboard::Pulse pulse = scoreboard::PulseOf(view, facts.monotonic_ns);
  out.Member("state", scoreboard::StateWord(view.state, pulse));
  out.Member("serving", view.state == SlotState::kReady && !pulse.silent_ns);
  out.Member("started_wall_ms", view.started_wall_ms);
  out.Member("uptime_ms", Since(view.started_ns, facts) / 1'000'000);
  if (view.heartbeat_ns == 0) {
    out.Key("heartbeat_age_ms").Null();
  } else {
    out.Member("heartbeat_age_ms", Since(view.heartbeat_ns, facts) / 1'000'000);
  }
  if (pulse.silent_ns) {
    out.Member("silent_ms", *pulse.silent_ns / 1'000'000);
  } else {
    out.Key("silent_ms").Null();
  }
  out.Member("rss_bytes", view.counts[Gauge::kRssBytes]);
  AddConnections(view.counts, out);
  AddTotals(view.counts, out);
  out.Key("loop_lag").BeginObject();
  out.Member("last_us", std::max(view.counts[Gauge::kLagLastNs], pulse.turn_ns) / 1000);
  out.Member("longest_us", std::max(view.counts[Gauge::kLagMaxNs], pulse.turn_ns) / 1000);
  AddLagCounts(view.counts, out);
  out.End();
  out.End();
}

void AddSum(std::string_view name, const Counts& counts, bool with_connections, JsonWriter& out) {
  out.Key(name).BeginObject();
  if (with_connections) AddConnections(counts, out);
  AddTotals(counts, out);
  out.Key("loop_lag").BeginObject();
  AddLagCounts(counts, out);
  out.End();
  out.End();
}

}  // namespace

std::string HiveJson(const HiveFacts& facts) {
  const scoreboard::Picture& picture = facts.picture;
  JsonWriter out;
  out.BeginObject();
  AddServer(facts, out);
  AddHistory(picture.server, out);
  out.Key("loop_lag_limits_us").BeginArray();
  for (std::size_t i = 0; i + 1 < scoreboard::kLagBuckets; ++i) out.Value(scoreboard::LagBucketLimitNs(i) / 1000);
  out.Null();
  out.End();
  AddZones(facts, out);
  out.Key("workers").BeginArray();
  for (const auto& [slot, view] : picture.slots) AddWorker(slot, view, facts, out);
  out.End();
  AddSum("past", picture.past, /*with_connections=*/false, out);
  AddSum("totals", picture.sum, /*with_connections=*/true, out);
  out.End();
  return out.Take();
}

}  // namespace colmeia::modules
