#include "modules/hive_metrics.h"

#include <iterator>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "scoreboard/layout.h"
#include "scoreboard/silence.h"

namespace colmeia::modules {
namespace {

using scoreboard::Counts;
using scoreboard::Gauge;
using scoreboard::ServerState;
using scoreboard::SlotState;
using scoreboard::Total;

enum class Unit { kNumber, kMilliseconds, kMicroseconds, kNanoseconds };

// A total as a counter, in three forms: of all, of each worker, of those that have ended.
struct Counter {
  std::string_view name;  // without prefix and "_total"
  Total total;
  Unit unit;
  std::string_view help;
};
constexpr Counter kCounters[] = {
    {"requests", Total::kRequests, Unit::kNumber, "Requests whose head was read."},
    {"accepts", Total::kAccepts, Unit::kNumber, "Connections accepted."},
    {"wasted_wakeups", Total::kWastedAccepts, Unit::kNumber,
     "Wake-ups for a connection that another worker had taken."},
    {"received_bytes", Total::kBytesIn, Unit::kNumber, "Bytes received from clients."},
    {"sent_bytes", Total::kBytesOut, Unit::kNumber, "Bytes sent to clients."},
    {"connections_full", Total::kConnectionsFull, Unit::kNumber,
     "Clients that came when worker_connections were reached: others were closed for them, or they waited."},
    {"descriptors_out", Total::kDescriptorsOut, Unit::kNumber,
     "Descriptors that were wanted when worker_rlimit_nofile was nearly reached."},
    {"log_lines_lost", Total::kLogLinesLost, Unit::kNumber, "Lines of access logs that could not be written."},
    {"gzip_cache_hits", Total::kGzipCacheHits, Unit::kNumber,
     "Responses whose compressed bytes were in memory (gzip_cache)."},
    {"gzip_cache_misses", Total::kGzipCacheMisses, Unit::kNumber, "Files that were compressed for one response."},
    {"cpu_seconds", Total::kCpuUs, Unit::kMicroseconds, "User and system time."},
};

struct Class {
  std::string_view name;
  Total total;
};
constexpr Class kClasses[] = {{"1xx", Total::kResponses1xx},
                              {"2xx", Total::kResponses2xx},
                              {"3xx", Total::kResponses3xx},
                              {"4xx", Total::kResponses4xx},
                              {"5xx", Total::kResponses5xx}};

struct ConnectionState {
  std::string_view name;
  Gauge gauge;
};
constexpr ConnectionState kConnectionStates[] = {
    {"reading", Gauge::kReading}, {"writing", Gauge::kWriting}, {"waiting", Gauge::kWaiting}};

// A process or a group of them, and the labels that tell it from others.
struct Member {
  std::string labels;  // `slot="0",seat="1"`; empty for all together
  const Counts* counts;
};
using Group = std::vector<Member>;

std::string Value(std::uint64_t value, Unit unit) {
  switch (unit) {
    case Unit::kNumber:
      break;
    case Unit::kMilliseconds:
      return fmt::format("{}.{:03}", value / 1000, value % 1000);
    case Unit::kMicroseconds:
      return fmt::format("{}.{:06}", value / 1'000'000, value % 1'000'000);
    case Unit::kNanoseconds:
      return fmt::format("{}.{:09}", value / 1'000'000'000, value % 1'000'000'000);
  }
  return fmt::format("{}", value);
}

class Writer {
 public:
  void Describe(std::string_view name, std::string_view type, std::string_view help) {
    fmt::format_to(std::back_inserter(out_), "# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
  }
  void Sample(std::string_view name, std::string_view labels, std::string_view value) {
    out_ += name;
    if (!labels.empty()) fmt::format_to(std::back_inserter(out_), "{{{}}}", labels);
    fmt::format_to(std::back_inserter(out_), " {}\n", value);
  }
  void Sample(std::string_view name, std::string_view labels, std::uint64_t value) {
    Sample(name, labels, std::string_view(fmt::format("{}", value)));
  }
  void Gauge(std::string_view name, std::string_view help, std::string_view value) {
    Describe(name, "gauge", help);
    Sample(name, "", value);
  }
  [[nodiscard]] std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

std::string Join(std::string_view labels, std::string_view more) {
  return fmt::format("{}{}{}", labels, labels.empty() ? "" : ",", more);
}

void AddCounters(std::string_view prefix, std::string_view whose, const Group& group, Writer& out) {
  for (const Counter& counter : kCounters) {
    const std::string name = fmt::format("{}{}_total", prefix, counter.name);
    out.Describe(name, "counter", fmt::format("{} {}", counter.help, whose));
    for (const Member& member : group) {
      out.Sample(name, member.labels, Value((*member.counts)[counter.total], counter.unit));
    }
  }
  const std::string name = fmt::format("{}responses_total", prefix);
  out.Describe(name, "counter", fmt::format("Responses begun, by the class of their status. {}", whose));
  for (const Member& member : group) {
    for (const Class& one : kClasses) {
      out.Sample(name, Join(member.labels, fmt::format("class=\"{}\"", one.name)), (*member.counts)[one.total]);
    }
  }
}

void AddConnections(std::string_view prefix, std::string_view whose, const Group& group, Writer& out) {
  const std::string name = fmt::format("{}connections", prefix);
  out.Describe(
      name, "gauge",
      fmt::format("Open connections: reading a request, writing an answer, or waiting for one more. {}", whose));
  for (const Member& member : group) {
    for (const ConnectionState& state : kConnectionStates) {
      out.Sample(name, Join(member.labels, fmt::format("state=\"{}\"", state.name)), (*member.counts)[state.gauge]);
    }
  }
}

void AddLag(std::string_view prefix, std::string_view whose, const Group& group, Writer& out) {
  const std::string name = fmt::format("{}loop_lag_seconds", prefix);
  out.Describe(name, "histogram",
               fmt::format("How long a turn of the event loop kept other events waiting. {}", whose));
  for (const Member& member : group) {
    std::uint64_t count = 0;
    for (std::size_t bucket = 0; bucket < scoreboard::kLagBuckets; ++bucket) {
      count += member.counts->lag[bucket];
      const bool last = bucket + 1 == scoreboard::kLagBuckets;
      const double limit = static_cast<double>(scoreboard::LagBucketLimitNs(bucket)) / 1e9;
      const std::string le = last ? "le=\"+Inf\"" : fmt::format("le=\"{}\"", limit);
      out.Sample(name + "_bucket", Join(member.labels, le), count);
    }
    out.Sample(name + "_sum", member.labels, Value((*member.counts)[Total::kBusyNs], Unit::kNanoseconds));
    out.Sample(name + "_count", member.labels, count);
  }
}

void AddServer(const HiveFacts& facts, Writer& out) {
  const scoreboard::ServerView& server = facts.picture.server;
  out.Describe("colmeia_build_info", "gauge", "The version, always 1.");
  out.Sample("colmeia_build_info", fmt::format("version=\"{}\"", facts.version), 1);
  out.Describe("colmeia_accept_by_info", "gauge", "How workers share the listening sockets, always 1.");
  out.Sample("colmeia_accept_by_info", fmt::format("accept_by=\"{}\"", facts.accept_by), 1);
  out.Gauge("colmeia_start_time_seconds", "When the master began, since 1970.",
            Value(server.started_wall_ms, Unit::kMilliseconds));
  out.Describe("colmeia_state", "gauge", "1 for the state that the server is in, 0 for the others.");
  for (const ServerState state : {ServerState::kStarting, ServerState::kServing, ServerState::kDegraded,
                                  ServerState::kDraining, ServerState::kStopping}) {
    out.Sample("colmeia_state", fmt::format("state=\"{}\"", scoreboard::ServerStateName(state)),
               server.state == state ? 1 : 0);
  }
  out.Gauge("colmeia_generation", "The current generation of workers, 0 before the first.",
            fmt::format("{}", server.generation));
  if (!facts.has_master) return;
  out.Describe("colmeia_master_cpu_seconds_total", "counter", "User and system time of the master.");
  out.Sample("colmeia_master_cpu_seconds_total", "", Value(server.cpu_us, Unit::kMicroseconds));
  out.Gauge("colmeia_master_resident_memory_bytes", "Resident memory of the master.",
            fmt::format("{}", server.rss_bytes));
  out.Describe("colmeia_respawns_total", "counter",
               "Workers started in place of one that ended without having been told to.");
  out.Sample("colmeia_respawns_total", "", server.respawns);
  out.Gauge("colmeia_names_lost",
            "Unix sockets that are listened on and have no name any more; a reload binds them again.",
            fmt::format("{}", server.names_lost));
  out.Describe("colmeia_reloads_total", "counter", "Reloads by their result.");
  out.Sample("colmeia_reloads_total", "result=\"succeeded\"", server.reloads_succeeded);
  out.Sample("colmeia_reloads_total", "result=\"failed\"", server.reloads_failed);
  if (!server.last_reload) return;
  const scoreboard::Reload& last = *server.last_reload;
  out.Gauge("colmeia_last_reload_successful", "1 when the latest reload succeeded, 0 when it failed.",
            last.succeeded ? "1" : "0");
  out.Gauge("colmeia_last_reload_duration_seconds", "How long the latest reload took, from the order to its end.",
            Value(last.duration_us, Unit::kMicroseconds));
  out.Gauge("colmeia_last_reload_timestamp_seconds", "When the latest reload ended, since 1970.",
            Value(last.wall_ms, Unit::kMilliseconds));
  // Also while none has failed: a series that begins with its first event is missed by whoever watches for a change.
  out.Gauge("colmeia_last_failed_reload_timestamp_seconds",
            "When the latest reload that failed ended, since 1970; 0: none has.",
            Value(server.last_failed_reload ? server.last_failed_reload->wall_ms : 0, Unit::kMilliseconds));
}

// A text of the configuration as a label's value.
std::string Label(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? std::string_view("\\n") : std::string_view(&c, 1);
  }
  return out;
}

struct ZoneValue {
  std::string_view name;
  std::string_view type;
  std::string_view help;
  std::uint64_t (*value)(const ZoneFacts& zone);
};
constexpr ZoneValue kZoneValues[] = {
    {"colmeia_zone_size_bytes", "gauge", "The size of a zone of shared memory, as it is configured.",
     [](const ZoneFacts& zone) { return zone.size; }},
    {"colmeia_zone_slots", "gauge", "How many keys a zone has room for.",
     [](const ZoneFacts& zone) { return zone.occupancy.slots; }},
    {"colmeia_zone_living", "gauge", "Keys of a zone that count at the moment; of a large one estimated.",
     [](const ZoneFacts& zone) { return zone.occupancy.living; }},
    {"colmeia_zone_refused_total", "counter", "Requests that found no room for their key in a zone.",
     [](const ZoneFacts& zone) { return zone.occupancy.refused; }},
};

void AddZones(const HiveFacts& facts, Writer& out) {
  if (facts.zones.empty()) return;
  for (const ZoneValue& one : kZoneValues) {
    out.Describe(one.name, one.type, one.help);
    for (const ZoneFacts& zone : facts.zones) {
      out.Sample(one.name, fmt::format("zone=\"{}\",kind=\"{}\"", Label(zone.name), zone::KindName(zone.kind)),
                 one.value(zone));
    }
  }
}

void AddWorkers(const HiveFacts& facts, Writer& out) {
  static constexpr std::string_view kEach = "Of each worker.";
  Group workers;
  for (const auto& [slot, view] : facts.picture.slots) {
    workers.push_back({fmt::format("slot=\"{}\",seat=\"{}\",generation=\"{}\",pid=\"{}\"", slot, view.seat,
                                   view.generation, view.pid),
                       &view.counts});
  }
  const auto gauge = [&](std::string_view name, std::string_view help, auto value) {
    out.Describe(name, "gauge", help);
    for (std::size_t i = 0; i < workers.size(); ++i) {
      out.Sample(name, workers[i].labels, value(facts.picture.slots[i].second));
    }
  };
  using View = const scoreboard::SlotView&;
  const auto silent = [&](View view) { return scoreboard::PulseOf(view, facts.monotonic_ns).silent_ns.has_value(); };
  gauge("colmeia_worker_up", "1 for a worker that is ready, 0 for one that starts, leaves or is silent.",
        [&](View view) -> std::uint64_t { return view.state == SlotState::kReady && !silent(view) ? 1 : 0; });
  gauge("colmeia_worker_silent", "1 for a worker whose event loop does not turn: no client on it is served.",
        [&](View view) -> std::uint64_t { return silent(view) ? 1 : 0; });
  gauge("colmeia_worker_turn_seconds", "How long the turn of the event loop under way keeps others waiting.",
        [&](View view) { return Value(scoreboard::PulseOf(view, facts.monotonic_ns).turn_ns, Unit::kNanoseconds); });
  gauge("colmeia_worker_start_time_seconds", "When the worker was started, since 1970.",
        [](View view) { return Value(view.started_wall_ms, Unit::kMilliseconds); });
  gauge("colmeia_worker_heartbeat_age_seconds", "How long ago the worker last showed that it lives.", [&](View view) {
    const std::uint64_t beat = view.heartbeat_ns != 0 ? view.heartbeat_ns : view.started_ns;
    return Value(Since(beat, facts) / 1000, Unit::kMicroseconds);
  });
  gauge("colmeia_worker_resident_memory_bytes", "Resident memory of the worker.",
        [](View view) -> std::uint64_t { return view.counts[Gauge::kRssBytes]; });
  AddCounters("colmeia_worker_", kEach, workers, out);
  AddConnections("colmeia_worker_", kEach, workers, out);
  AddLag("colmeia_worker_", kEach, workers, out);
}

}  // namespace

std::string HiveMetrics(const HiveFacts& facts) {
  static constexpr std::string_view kAll = "Of all workers that ever lived.";
  const scoreboard::Picture& picture = facts.picture;
  const Group all = {{"", &picture.sum}};
  const Group ended = {{"", &picture.past}};
  Writer out;
  AddServer(facts, out);
  AddCounters("colmeia_", kAll, all, out);
  AddConnections("colmeia_", "Of all workers.", all, out);
  AddLag("colmeia_", kAll, all, out);
  AddCounters("colmeia_ended_workers_", "Of workers that have ended.", ended, out);
  AddZones(facts, out);
  AddWorkers(facts, out);
  return out.Take();
}

}  // namespace colmeia::modules
