#include "master/ledger.h"

#include <chrono>

#include "log/error_log.h"

namespace colmeia::master {
namespace {

constexpr util::Milliseconds kUsageEvery{1000};

}  // namespace

Ledger::Ledger(loop::Loop& loop, scoreboard::Board& board)
    : loop_(loop), board_(board), timer_(loop, [this] {
        NoteUsage();
        NoteLostNames();
      }) {}

void Ledger::Start() {
  NoteUsage();
  NoteLostNames();
  timer_.StartEvery(kUsageEvery);
}

void Ledger::ReloadBegins(std::uint32_t generation) { begun_[generation] = loop_.Now(); }

void Ledger::ReloadEnds(std::uint32_t generation, const std::string& why) {
  using std::chrono::duration_cast;
  const auto begun = begun_.extract(generation);
  const util::Duration took = begun ? loop_.Now() - begun.mapped() : util::Duration::zero();
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  board_.AddReload({.generation = generation,
                    .succeeded = why.empty(),
                    .wall_ms = static_cast<std::uint64_t>(duration_cast<util::Milliseconds>(wall).count()),
                    .duration_us = static_cast<std::uint64_t>(duration_cast<std::chrono::microseconds>(took).count()),
                    .why = why});
}

void Ledger::Respawn() { board_.AddRespawn(); }

void Ledger::NoteLostNames() {
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

void Ledger::NoteUsage() {
  const sys::Usage usage = meter_.Read();
  board_.SetUsage(usage.cpu_us, usage.rss_bytes);
}

}  // namespace colmeia::master
