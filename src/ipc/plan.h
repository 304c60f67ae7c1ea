// What the master needs to know of a configuration, resolved by a compiler child: the user of workers, what to listen
// on, which logs to open, how many workers, and the limits of their lives. The master sees this and never the text.
//
// Encoded with the codec of the channel messages and carried in a sealed memfd.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ipc/accept_by.h"
#include "ipc/messages.h"
#include "sys/sockets.h"
#include "zone/layout.h"

namespace colmeia::ipc {

// How much of the system a worker shuts itself out of (process/sandbox.h).
enum class Sandbox : std::uint8_t {
  kOff,
  kOn,      // reads what its user may read; writes, makes, executes, binds and signals nothing
  kStrict,  // reads below the document roots only
};

// As in the configuration.
[[nodiscard]] constexpr std::string_view SandboxName(Sandbox sandbox) {
  switch (sandbox) {
    case Sandbox::kOff:
      return "off";
    case Sandbox::kOn:
      return "on";
    case Sandbox::kStrict:
      return "strict";
  }
  return "?";
}

// The user that a worker becomes (process/become.h). Resolved once while compiling, so a worker asks no name service.
struct Identity {
  bool change_user = false;  // false when not started as root: keep our user
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups{};  // supplementary, as initgroups() would set them
  std::string user{};                   // name, for messages
  std::int32_t priority = 0;            // nice value; 0 = leave alone
  std::uint64_t rlimit_nofile = 0;      // soft and hard; 0 = leave alone
  std::vector<std::vector<std::uint32_t>>
      affinity{};                       // CPU numbers of each seat, repeated from the last; empty = leave alone
  std::string working_directory{};      // empty = leave alone
  std::uint8_t sandbox = 0;             // ipc::Sandbox, as far as the kernel has it
  std::vector<std::string> readable{};  // Sandbox::kStrict only: the document roots
  bool resets_connections = false;      // some location has `reset_timedout_connection on`
  std::vector<std::string> writable{};  // folders for temporary files; the master makes them, and workers write there
  static constexpr auto Fields(auto& self, auto& f) {
    return f(self.change_user, self.uid, self.gid, self.groups, self.user, self.priority, self.rlimit_nofile,
             self.affinity, self.working_directory, self.sandbox, self.readable, self.resets_connections,
             self.writable);
  }
  bool operator==(const Identity&) const = default;
};

// One address to listen on. Two `listen` directives with the same address are one listener.
struct PlannedListener {
  std::string name{};     // as in messages and logs: "0.0.0.0:80", "[::]:80", "unix:/run/x.sock"
  std::string address{};  // the bytes of the sockaddr
  std::int32_t backlog = 511;
  bool reuseport = false;  // one socket per seat
  bool ipv6only = true;
  sys::SocketTuning tuning{};
  std::string where{};  // file:line of the directive that set the options
  static constexpr auto Fields(auto& self, auto& f) {
    return f(self.name, self.address, self.backlog, self.reuseport, self.ipv6only, self.tuning, self.where);
  }
  bool operator==(const PlannedListener&) const = default;
};

// One log file; several directives that name the same path share it.
struct PlannedLog {
  std::string path{};   // absolute, or "stderr", "/dev/stdout", "/dev/stderr": duplicated, not opened
  std::string where{};  // file:line of the first directive that names it
  static constexpr auto Fields(auto& self, auto& f) { return f(self.path, self.where); }
  bool operator==(const PlannedLog&) const = default;
};

// A line of the main context's `error_log`: the master writes its own messages there.
struct PlannedErrorLog {
  std::uint32_t log = 0;   // index in Plan::logs
  std::uint8_t level = 4;  // log::Level
  static constexpr auto Fields(auto& self, auto& f) { return f(self.log, self.level); }
  bool operator==(const PlannedErrorLog&) const = default;
};

// A zone of shared memory.
struct PlannedZone {
  std::string name{};
  zone::ZoneKind kind = zone::ZoneKind::kRates;
  std::uint64_t size = 0;  // of its table, in bytes
  std::string key{};       // as it is written: what is in a zone means nothing under another one
  std::uint64_t rate = 0;  // of a zone of rates, in thousandths of a request a second; for looking only
  std::string where{};     // file:line of the directive that makes it
  static constexpr auto Fields(auto& self, auto& f) {
    return f(self.name, self.kind, self.size, self.key, self.rate, self.where);
  }
  bool operator==(const PlannedZone&) const = default;
};

struct Plan {
  Identity identity{};
  std::vector<PlannedListener> listeners{};
  std::vector<PlannedLog> logs{};
  std::vector<PlannedErrorLog> error_logs{};
  std::vector<PlannedZone> zones{};
  std::uint32_t workers = 1;
  std::string workers_why{};  // how `auto` came to that number, for the log; empty = it was written
  bool daemon = true;
  bool master_process = true;
  std::string pid_path{};                   // absolute; empty = none
  std::string control_path{};               // of the control socket, absolute; empty = none
  std::string prefix{};                     // absolute, with a slash at the end
  std::string conf_path{};                  // absolute
  std::vector<std::string> environment{};   // NAME=value, all that a worker's environment holds beside TZ
  util::Milliseconds shutdown_timeout{0};   // worker_shutdown_timeout; 0 = no limit
  util::Milliseconds start_timeout{10000};  // worker_start_timeout
  util::Milliseconds watchdog{10000};       // worker_watchdog; 0 = off
  std::uint64_t max_requests = 0;           // worker_max_requests; 0 = off
  std::uint64_t max_memory = 0;             // worker_max_memory, bytes; 0 = off
  std::uint32_t max_generations = 8;        // that drain at the same time
  std::uint32_t worker_connections = 512;
  AcceptBy accept_by = AcceptBy::kExclusive;
  std::string sandbox_gap{};  // what this kernel cannot enforce of the sandbox, and what follows; empty = all is
  std::string warnings{};     // of the compiler, for the log; one or more lines, or empty
  static constexpr auto Fields(auto& self, auto& f) {
    return f(self.identity, self.listeners, self.logs, self.error_logs, self.zones, self.workers, self.workers_why,
             self.daemon, self.master_process, self.pid_path, self.control_path, self.prefix, self.conf_path,
             self.environment, self.shutdown_timeout, self.start_timeout, self.watchdog, self.max_requests,
             self.max_memory, self.max_generations, self.worker_connections, self.accept_by, self.sandbox_gap,
             self.warnings);
  }
  bool operator==(const Plan&) const = default;
};

// What the configuration memfd of Adopt and Compiled holds: the text that was checked, and the answers of the name
// service that were used while checking it, so that a worker asks no server.
struct ResolvedName {
  std::string text{};                    // "localhost:8000", as in `listen`
  std::vector<std::string> addresses{};  // the bytes of each sockaddr
  static constexpr auto Fields(auto& self, auto& f) { return f(self.text, self.addresses); }
  bool operator==(const ResolvedName&) const = default;
};
struct ConfigText {
  std::string source{};  // config::Source, serialised
  std::vector<ResolvedName> names{};
  static constexpr auto Fields(auto& self, auto& f) { return f(self.source, self.names); }
  bool operator==(const ConfigText&) const = default;
};

}  // namespace colmeia::ipc
