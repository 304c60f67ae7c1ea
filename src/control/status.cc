#include "control/status.h"

#include <fmt/core.h>

namespace colmeia::control {
namespace {

std::string Ago(const std::optional<std::uint64_t>& ago_ms, const std::string& at) {
  return fmt::format("{} ago ({})", MillisecondsText(ago_ms.value_or(0)), at);
}

// A sentence a line; those that follow a sentence and belong to it are indented.
std::string NotesOf(const Status& status) {
  const ServerStatus& server = status.server;
  std::string notes;
  if (server.workers_silent > 0) {
    notes += fmt::format("{} worker{} silent: the loop does not turn; see colmeia ctl workers\n", server.workers_silent,
                         server.workers_silent == 1 ? " is" : "s are");
  }
  if (const std::uint64_t lost = status.totals.log_lines_lost; lost > 0) {
    notes += fmt::format(
        "{} line{} of access logs could not be written since the start (access_log): the error log "
        "says of which, and why\n",
        lost, lost == 1 ? "" : "s");
  }
  for (const ListenerStatus& listener : status.listeners) {
    if (!listener.name_lost) continue;
    notes += fmt::format("no client finds the Unix socket {} (listen) any more; a reload binds it again\n",
                         listener.address);
  }
  if (const FailedReload& failed = server.failed_reload; failed.generation != 0) {
    std::string why = failed.why.substr(0, failed.why.find_last_not_of('\n') + 1);
    for (std::size_t at = why.find('\n'); at != std::string::npos; at = why.find('\n', at + 3))
      why.replace(at, 1, "\n  ");
    notes +=
        fmt::format("{} failed {}{}: {}\n", server.last_reload_failed ? "the last reload" : "a reload",
                    Ago(failed.ago_ms, failed.at), server.last_reload_failed ? "" : ", a later one succeeded", why);
  }
  if (const LastRespawn& last = server.last_respawn; server.respawns > 0) {
    notes += fmt::format("{} respawn{}, the last one {}: worker {} (pid {}) {}\n", server.respawns,
                         server.respawns == 1 ? "" : "s", Ago(last.ago_ms, last.at), last.seat, last.pid, last.why);
  }
  return notes;
}

}  // namespace

Health HealthOf(const Status& status) {
  const ServerStatus& server = status.server;
  return {.ok = server.state == "serving" && server.workers_ready >= server.workers_wanted,
          .state = server.state,
          .generation = server.generation,
          .workers_ready = server.workers_ready,
          .workers_wanted = server.workers_wanted,
          .workers_silent = server.workers_silent,
          .uptime_ms = server.uptime_ms,
          .notes = NotesOf(status)};
}

std::string MillisecondsText(std::uint64_t ms) {
  const std::uint64_t s = ms / 1000;
  if (ms < 1000) return fmt::format("{}ms", ms);
  if (s < 60) return fmt::format("{}.{}s", s, ms % 1000 / 100);
  if (s < 3600) return fmt::format("{}m{:02}s", s / 60, s % 60);
  if (s < 86400) return fmt::format("{}h{:02}m", s / 3600, s % 3600 / 60);
  return fmt::format("{}d{:02}h", s / 86400, s % 86400 / 3600);
}

}  // namespace colmeia::control
