// Status: all that the master tells of itself, as plain values. master/status.h fills it in; json.h writes and reads
// it; `colmeia ctl` lays it out. Every member is listed once, in Fields, so no reader can miss one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/fields.h"

namespace colmeia::control {

// What workers count: of one worker, or of all that ever lived.
struct Counts {
  struct Responses {
    std::uint64_t s1xx = 0, s2xx = 0, s3xx = 0, s4xx = 0, s5xx = 0;
    static constexpr void Fields(auto& self, auto&& visit) {
      visit(Field{"1xx", "1XX", Unit::kNumber, "interim"}, self.s1xx);
      visit(Field{"2xx", "2XX", Unit::kNumber, "success"}, self.s2xx);
      visit(Field{"3xx", "3XX", Unit::kNumber, "redirection, not modified"}, self.s3xx);
      visit(Field{"4xx", "4XX", Unit::kNumber, "the client's mistakes"}, self.s4xx);
      visit(Field{"5xx", "5XX", Unit::kNumber, "the server's"}, self.s5xx);
    }
    bool operator==(const Responses&) const = default;
  };
  struct Lag {
    std::uint64_t last_ns = 0, longest_ns = 0;
    static constexpr void Fields(auto& self, auto&& visit) {
      visit(Field{"last_ns", "LAG", Unit::kNanoseconds, "of the latest turn, or of the one under way if it is longer"},
            self.last_ns);
      visit(Field{"longest_ns", "LONGEST", Unit::kNanoseconds, "of the longest turn"}, self.longest_ns);
    }
    bool operator==(const Lag&) const = default;
  };

  std::uint64_t connections = 0, reading = 0, writing = 0, waiting = 0;
  std::uint64_t accepts = 0, handled = 0, requests = 0, bytes_in = 0, bytes_out = 0;
  Responses responses{};
  std::uint64_t wasted_accepts = 0, loop_turns = 0;
  std::uint64_t connections_full = 0, descriptors_out = 0, log_lines_lost = 0;
  std::uint64_t gzip_cache_hits = 0, gzip_cache_misses = 0;
  Lag lag{};

  static constexpr void Fields(auto& self, auto&& visit) {
    visit(Field{"connections", "CONNS", Unit::kNumber, "open connections"}, self.connections);
    visit(Field{"reading", "READING", Unit::kNumber, "of these, reading a request"}, self.reading);
    visit(Field{"writing", "WRITING", Unit::kNumber, "of these, answering one"}, self.writing);
    visit(Field{"waiting", "WAITING", Unit::kNumber, "of these, kept alive and idle"}, self.waiting);
    visit(Field{"accepts", "ACCEPTS", Unit::kNumber, "connections accepted"}, self.accepts);
    visit(Field{"handled", "HANDLED", Unit::kNumber, "of these, taken into service"}, self.handled);
    visit(Field{"requests", "REQUESTS", Unit::kNumber, "requests read"}, self.requests);
    visit(Field{"bytes_in", "IN", Unit::kBytes, "bytes from clients"}, self.bytes_in);
    visit(Field{"bytes_out", "OUT", Unit::kBytes, "bytes to clients"}, self.bytes_out);
    visit(Field{"responses", "", Unit::kGroup, "responses by the class of their status"}, self.responses);
    visit(Field{"wasted_accepts", "WASTED", Unit::kNumber, "woken for a connection that another worker had taken"},
          self.wasted_accepts);
    visit(Field{"loop_turns", "TURNS", Unit::kNumber, "turns of the event loop that had work"}, self.loop_turns);
    visit(Field{"connections_full", "FULL", Unit::kNumber, "clients that came when worker_connections were reached"},
          self.connections_full);
    visit(Field{"descriptors_out", "NO FDS", Unit::kNumber,
                "descriptors that were wanted when worker_rlimit_nofile was nearly reached"},
          self.descriptors_out);
    visit(Field{"log_lines_lost", "LOST LINES", Unit::kNumber, "lines of access logs that could not be written"},
          self.log_lines_lost);
    visit(Field{"gzip_cache_hits", "GZIP HITS", Unit::kNumber,
                "responses whose compressed bytes were in memory (gzip_cache)"},
          self.gzip_cache_hits);
    visit(Field{"gzip_cache_misses", "GZIP MISSES", Unit::kNumber, "files that were compressed for one response"},
          self.gzip_cache_misses);
    visit(Field{"lag", "", Unit::kGroup, "how long a turn of the event loop kept others waiting"}, self.lag);
  }
  bool operator==(const Counts&) const = default;
};

struct WorkerStatus {
  std::uint64_t slot = 0, seat = 0, generation = 0, pid = 0;
  std::string state{};
  std::string started{};
  std::uint64_t uptime_ms = 0;
  std::optional<std::uint64_t> heartbeat_age_ms{}, silent_ms{}, deadline_ms{};
  std::uint64_t cpu_ns = 0, memory_bytes = 0;
  std::string reason{};
  Counts counts{};

  static constexpr void Fields(auto& self, auto&& visit) {
    visit(Field{"slot", "SLOT", Unit::kNumber, "its place in the table of processes; what drain takes"}, self.slot);
    visit(Field{"seat", "SEAT", Unit::kNumber, "its index within its generation"}, self.seat);
    visit(Field{"generation", "GEN", Unit::kNumber, "the generation it serves"}, self.generation);
    visit(Field{"pid", "PID", Unit::kNumber, "its process; 0 while it is being made"}, self.pid);
    visit(Field{"state", "STATE", Unit::kText, "starting, ready, draining, silent, killed or gone"}, self.state);
    visit(Field{"started", "STARTED", Unit::kText, "when its process began, UTC"}, self.started);
    visit(Field{"uptime_ms", "UPTIME", Unit::kMilliseconds, "how long ago that was"}, self.uptime_ms);
    visit(Field{"heartbeat_age_ms", "BEAT", Unit::kMilliseconds, "since it last showed that it lives; null: not yet"},
          self.heartbeat_age_ms);
    visit(Field{"silent_ms", "SILENT", Unit::kMilliseconds, "how long its loop has not turned; null: it turns"},
          self.silent_ms);
    visit(Field{"deadline_ms", "LEFT", Unit::kMilliseconds, "until its present state must have ended; null: no limit"},
          self.deadline_ms);
    visit(Field{"cpu_ns", "CPU", Unit::kNanoseconds, "processor time it has used"}, self.cpu_ns);
    visit(Field{"memory_bytes", "MEMORY", Unit::kBytes, "resident memory, what it shares with others included"},
          self.memory_bytes);
    visit(Field{"reason", "REASON", Unit::kText, "why it leaves, where that was told"}, self.reason);
    visit(Field{"counts", "", Unit::kGroup, "what it counted"}, self.counts);
  }
  bool operator==(const WorkerStatus&) const = default;
};

struct GenerationStatus {
  std::uint64_t number = 0;
  std::string state{};
  std::uint64_t workers = 0, living = 0, ready = 0, connections = 0;
  std::optional<std::uint64_t> age_ms{}, deadline_ms{};

  static constexpr void Fields(auto& self, auto&& visit) {
    visit(Field{"number", "GEN", Unit::kNumber, "counted from 1"}, self.number);
    visit(Field{"state", "STATE", Unit::kText, "compiling, opening, starting, serving, resting, draining or rejected"},
          self.state);
    visit(Field{"workers", "WORKERS", Unit::kNumber, "seats that it keeps filled"}, self.workers);
    visit(Field{"living", "LIVING", Unit::kNumber, "processes that it has"}, self.living);
    visit(Field{"ready", "READY", Unit::kNumber, "of these, serving"}, self.ready);
    visit(Field{"connections", "CONNS", Unit::kNumber, "that they have open"}, self.connections);
    visit(Field{"age_ms", "AGE", Unit::kMilliseconds, "of its oldest process; null: it has none"}, self.age_ms);
    visit(Field{"deadline_ms", "LEFT", Unit::kMilliseconds, "until the last one that leaves is ended; null: no limit"},
          self.deadline_ms);
  }
  bool operator==(const GenerationStatus&) const = default;
};

struct ListenerStatus {
  std::string address{};
  std::uint64_t sockets = 0;
  bool reuseport = false, name_lost = false;
  std::uint64_t mended = 0;
  std::uint64_t first_generation = 0, last_generation = 0;

  static constexpr void Fields(auto& self, auto&& visit) {
    visit(Field{"address", "LISTENER", Unit::kText, "as in the log"}, self.address);
    visit(Field{"sockets", "SOCKETS", Unit::kNumber, "that the master holds; with reuseport one a seat"}, self.sockets);
    visit(Field{"reuseport", "REUSEPORT", Unit::kFlag, "whether each seat has a socket of its own"}, self.reuseport);
    visit(Field{"mended", "MENDED", Unit::kNumber, "how often it had stopped listening and was opened anew"},
          self.mended);
    visit(Field{"name_lost", "NAME LOST", Unit::kFlag,
                "of a Unix socket: clients no longer find it; a reload binds it again"},
          self.name_lost);
    visit(Field{"first_generation", "FROM", Unit::kNumber, "the oldest generation that uses it"},
          self.first_generation);
    visit(Field{"last_generation", "TO", Unit::kNumber, "the newest"}, self.last_generation);
  }
  bool operator==(const ListenerStatus&) const = default;
};

struct ZoneStatus {
  std::string name{}, kind{};
  std::uint64_t size_bytes = 0, slots = 0, living = 0, refused = 0;

  static constexpr void Fields(auto& self, auto&& visit) {
    visit(Field{"name", "ZONE", Unit::kText, "as in the configuration"}, self.name);
    visit(Field{"kind", "KIND", Unit::kText, "the directive that makes it"}, self.kind);
    visit(Field{"size_bytes", "SIZE", Unit::kBytes, "as in the configuration"}, self.size_bytes);
    visit(Field{"slots", "SLOTS", Unit::kNumber, "how many keys it has room for"}, self.slots);
    visit(Field{"living", "LIVING", Unit::kNumber, "keys that count at the moment; of a large zone estimated"},
          self.living);
    visit(Field{"refused", "REFUSED", Unit::kNumber, "requests that found no room for their key"}, self.refused);
  }
  bool operator==(const ZoneStatus&) const = default;
};

// The last reload that succeeded.
struct SucceededReload {
  std::uint64_t generation = 0;
  std::string at{};
  std::optional<std::uint64_t> ago_ms{};

  static constexpr void Fields(auto& self, auto&& visit) {
    visit(Field{"generation", "RELOADED GEN", Unit::kNumber, "that it brought; 0: none has succeeded"},
          self.generation);
    visit(Field{"at", "RELOADED AT", Unit::kText, "when it had succeeded, UTC"}, self.at);
    visit(Field{"ago_ms", "RELOADED AGO", Unit::kMilliseconds, "how long ago that was; null: never"}, self.ago_ms);
  }
  bool operator==(const SucceededReload&) const = default;
};

// The last reload that failed.
struct FailedReload {
  std::uint64_t generation = 0;
  std::string at{};
  std::optional<std::uint64_t> ago_ms{};
  std::string why{};

  static constexpr void Fields(auto& self, auto&& visit) {
    visit(Field{"generation", "FAILED RELOAD", Unit::kNumber, "that it was to bring; 0: none has failed"},
          self.generation);
    visit(Field{"at", "FAILED AT", Unit::kText, "when it failed, UTC"}, self.at);
    visit(Field{"ago_ms", "FAILED AGO", Unit::kMilliseconds, "how long ago that was; null: never"}, self.ago_ms);
    visit(Field{"why", "FAILED WHY", Unit::kText, "why, with file and line where a file is wrong"}, self.why);
  }
  bool operator==(const FailedReload&) const = default;
};

// The last worker that ended without having been told to, and was replaced.
struct LastRespawn {
  std::uint64_t pid = 0, seat = 0, generation = 0;
  std::string at{};
  std::optional<std::uint64_t> ago_ms{};
  std::string why{};

  static constexpr void Fields(auto& self, auto&& visit) {
    visit(Field{"pid", "RESPAWNED PID", Unit::kNumber, "of the process that ended; 0: none has"}, self.pid);
    visit(Field{"seat", "RESPAWNED SEAT", Unit::kNumber, "that it left"}, self.seat);
    visit(Field{"generation", "RESPAWNED GEN", Unit::kNumber, "its generation"}, self.generation);
    visit(Field{"at", "RESPAWNED AT", Unit::kText, "when it ended, UTC"}, self.at);
    visit(Field{"ago_ms", "RESPAWNED AGO", Unit::kMilliseconds, "how long ago that was; null: never"}, self.ago_ms);
    visit(Field{"why", "RESPAWNED WHY", Unit::kText, "how it ended, and at which request if it crashed"}, self.why);
  }
  bool operator==(const LastRespawn&) const = default;
};

struct ServerStatus {
  std::string version{};
  std::uint64_t pid = 0;
  std::string state{};
  bool degraded = false;
  std::uint64_t generation = 0, workers_wanted = 0, workers_ready = 0, workers_silent = 0;
  std::string started{};
  std::uint64_t uptime_ms = 0;
  std::uint64_t cpu_ns = 0, memory_bytes = 0;
  std::string accept_by{}, sandbox{}, configuration{}, pid_file{};
  std::uint64_t reloads = 0, failed_reloads = 0, respawns = 0;
  bool last_reload_failed = false;
  SucceededReload succeeded_reload{};
  FailedReload failed_reload{};
  LastRespawn last_respawn{};

  static constexpr void Fields(auto& self, auto&& visit) {
    visit(Field{"version", "VERSION", Unit::kText, "of the running binary"}, self.version);
    visit(Field{"pid", "PID", Unit::kNumber, "of the master"}, self.pid);
    visit(Field{"state", "STATE", Unit::kText, "starting, serving, degraded, draining or stopping"}, self.state);
    visit(Field{"degraded", "DEGRADED", Unit::kFlag, "workers are missing and cannot be started just now"},
          self.degraded);
    visit(Field{"generation", "GENERATION", Unit::kNumber, "the current one; 0: none yet"}, self.generation);
    visit(Field{"workers_wanted", "WORKERS WANTED", Unit::kNumber, "seats of the current generation"},
          self.workers_wanted);
    visit(Field{"workers_ready", "WORKERS READY", Unit::kNumber, "of these, serving"}, self.workers_ready);
    visit(Field{"workers_silent", "WORKERS SILENT", Unit::kNumber, "workers whose loop does not turn just now"},
          self.workers_silent);
    visit(Field{"started", "STARTED", Unit::kText, "when the master began, UTC"}, self.started);
    visit(Field{"uptime_ms", "UPTIME", Unit::kMilliseconds, "how long ago that was"}, self.uptime_ms);
    visit(Field{"cpu_ns", "CPU", Unit::kNanoseconds, "processor time that the master has used"}, self.cpu_ns);
    visit(Field{"memory_bytes", "MEMORY", Unit::kBytes, "resident memory of the master"}, self.memory_bytes);
    visit(Field{"accept_by", "ACCEPT BY", Unit::kText, "which worker takes a client, as in the configuration"},
          self.accept_by);
    visit(Field{"sandbox", "SANDBOX", Unit::kText,
                "off, on or strict; after that, what the running kernel cannot enforce of it"},
          self.sandbox);
    visit(Field{"configuration", "CONFIGURATION", Unit::kText, "the file that the current generation was read from"},
          self.configuration);
    visit(Field{"pid_file", "PID FILE", Unit::kText, "the file that holds the master's pid"}, self.pid_file);
    visit(Field{"reloads", "RELOADS", Unit::kNumber, "that succeeded"}, self.reloads);
    visit(Field{"succeeded_reload", "", Unit::kGroup, "the last of them"}, self.succeeded_reload);
    visit(Field{"failed_reloads", "RELOADS FAILED", Unit::kNumber, "that changed nothing"}, self.failed_reloads);
    visit(Field{"last_reload_failed", "LAST FAILED", Unit::kFlag, "whether no reload has succeeded since one failed"},
          self.last_reload_failed);
    visit(Field{"failed_reload", "", Unit::kGroup, "the last reload that failed"}, self.failed_reload);
    visit(Field{"respawns", "RESPAWNS", Unit::kNumber, "workers replaced because they ended unasked"}, self.respawns);
    visit(Field{"last_respawn", "", Unit::kGroup, "the last of them"}, self.last_respawn);
  }
  bool operator==(const ServerStatus&) const = default;
};

struct Status {
  ServerStatus server;
  std::vector<WorkerStatus> workers;
  std::vector<GenerationStatus> generations;
  std::vector<ListenerStatus> listeners;
  std::vector<ZoneStatus> zones;
  Counts totals{};

  static constexpr void Fields(auto& self, auto&& visit) {
    visit(Field{"server", "", Unit::kGroup, "the server as a whole"}, self.server);
    visit(Field{"workers", "", Unit::kGroup, "every living process, by slot"}, self.workers);
    visit(Field{"generations", "", Unit::kGroup, "from the oldest that still has a process"}, self.generations);
    visit(Field{"listeners", "", Unit::kGroup, "every address that is listened on"}, self.listeners);
    visit(Field{"zones", "", Unit::kGroup, "every zone of shared memory"}, self.zones);
    visit(Field{"totals", "", Unit::kGroup, "of all workers that ever lived"}, self.totals);
  }
  bool operator==(const Status&) const = default;
};

// GET /health.
struct Health {
  bool ok = false;
  std::string state{};
  std::uint64_t generation = 0, workers_ready = 0, workers_wanted = 0, workers_silent = 0, uptime_ms = 0;
  std::string notes{};

  static constexpr void Fields(auto& self, auto&& visit) {
    visit(Field{"ok", "OK", Unit::kFlag, "whether requests are served by every worker that is wanted"}, self.ok);
    visit(Field{"state", "STATE", Unit::kText, "as in the status"}, self.state);
    visit(Field{"generation", "GENERATION", Unit::kNumber, "the current one"}, self.generation);
    visit(Field{"workers_ready", "WORKERS READY", Unit::kNumber, "of the current generation"}, self.workers_ready);
    visit(Field{"workers_wanted", "WORKERS WANTED", Unit::kNumber, "seats of the current generation"},
          self.workers_wanted);
    visit(Field{"workers_silent", "WORKERS SILENT", Unit::kNumber, "workers whose loop does not turn just now"},
          self.workers_silent);
    visit(Field{"uptime_ms", "UPTIME", Unit::kMilliseconds, "since the master began"}, self.uptime_ms);
    visit(Field{"notes", "NOTES", Unit::kText,
                "what an operator should know, in lines: silence, lost lines of logs, a failed reload, respawns"},
          self.notes);
  }
  bool operator==(const Health&) const = default;
};

[[nodiscard]] Health HealthOf(const Status& status);

// "850ms", "3.2s", "12m05s", "3h12m", "5d03h": how a person reads a time.
[[nodiscard]] std::string MillisecondsText(std::uint64_t ms);

}  // namespace colmeia::control
