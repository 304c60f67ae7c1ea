// Ledger: what the master writes into the scoreboard about the server's history and itself: reloads with their results
// and times, workers that had to be replaced, Unix sockets that lost their names, its own use of processor and memory.
// For those who look; nothing is decided by it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "loop/loop.h"
#include "loop/timer.h"
#include "scoreboard/board.h"
#include "sys/usage.h"
#include "util/clock.h"
#include "util/seldom.h"

namespace colmeia::master {

class Ledger {
 public:
  // Both must outlive this.
  Ledger(loop::Loop& loop, scoreboard::Board& board);

  // Notes what the master uses, now and each second.
  void Start();

  // A reload began, or ended: with nothing to say when it succeeded.
  void ReloadBegins(std::uint32_t generation);
  void ReloadEnds(std::uint32_t generation, const std::string& why);

  // Unix sockets that no client finds any more, asked for each second: they are counted, and told once a minute.
  std::function<std::vector<std::string>()> lost_names;

  // A worker ended without having been told to, and is replaced.
  void Respawn();

 private:
  void NoteUsage();
  void NoteLostNames();

  loop::Loop& loop_;          // outlives this
  scoreboard::Board& board_;  // outlives this
  sys::UsageMeter meter_;
  loop::Timer timer_;
  util::Seldom lost_{std::chrono::minutes(1)};
  std::map<std::uint32_t, util::TimePoint> begun_;  // reloads under way, by generation
};

}  // namespace colmeia::master
