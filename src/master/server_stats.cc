#include "master/server_stats.h"

#include <chrono>
#include <utility>

#include "log/error_log.h"

namespace colmeia::master {
namespace {

constexpr util::Milliseconds kUsageEvery{1000};

}  // namespace

ServerStats::ServerStats(loop::Loop& loop, scoreboard::Board& board)
    : loop_(loop), board_(board), timer_(loop, [this] {
        NoteUsage();
        NoteLostNames();
      }) {}

void ServerStats::Start() {
  NoteUsage();
  NoteLostNames();
  timer_.StartEvery(kUsageEvery);
}

void ServerStats::ReloadBegins(std::uint32_t generation) { begun_[generation] = loop_.Now(); }

void ServerStats::ReloadEnds(std::uint32_t generation, const std::string& why) {
  using std::chrono::duration_cast;
  const auto begun = begun_.extract(generation);
  const util::Duration took = begun ? loop_.Now() - begun.mapped() : util::Duration::zero();
  const Moment now = Now();
  if (why.empty()) {
    history_.succeeded_reload = SucceededReload{.generation = generation, .when = now};
  } else {
    history_.failed_reload = FailedReload{.generation = generation, .when = now, .why = why};
  }
  board_.AddReload({.generation = generation,
                    .succeeded = why.empty(),
                    .wall_ms = now.wall_ms,
                    .duration_us = static_cast<std::uint64_t>(duration_cast<std::chrono::microseconds>(took).count()),
                    .why = why});
}

void ServerStats::Respawn(ReplacedWorker replaced) {
  replaced.when = Now();
  history_.respawn = std::move(replaced);
  board_.AddRespawn();
}

void ServerStats::Explain(std::int32_t pid, const std::string& what) {
  if (pid == 0 || !history_.respawn || history_.respawn->pid != pid) return;
  if (history_.respawn->why.find(what) == std::string::npos) history_.respawn->why += "; " + what;
}

Moment ServerStats::Now() const {
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  const auto wall_ms = std::chrono::duration_cast<util::Milliseconds>(wall).count();
  return {loop_.Now(), static_cast<std::uint64_t>(wall_ms)};
}

void ServerStats::NoteLostNames() {
  const std::vector<std::string> names = lost_names ? lost_names() : std::vector<std::string>();
  board_.SetNamesLost(names.size());
  if (names.empty() || !lost_.Take(loop_.Now())) return;
  for (const std::string& name : names) {
    log::Main().Print(
        log::Level::kWarn,
        "master: listen {}: the socket's file is gone or is another one, and no client finds it; a reload "
        "binds it again",
        name);
  }
}

void ServerStats::NoteUsage() {
  const sys::Usage usage = meter_.Read();
  board_.SetUsage(usage.cpu_us, usage.rss_bytes);
}

}  // namespace colmeia::master
