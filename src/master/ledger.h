// Ledger: what the master writes into the scoreboard about the server's history and itself: reloads with their results
// and times, workers that had to be replaced, its own use of processor and memory. For those who look; nothing is
// decided by it.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "loop/loop.h"
#include "loop/timer.h"
#include "scoreboard/board.h"
#include "sys/usage.h"
#include "util/clock.h"

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

  // A worker ended without having been told to, and is replaced.
  void Respawn();

 private:
  void NoteUsage();

  loop::Loop& loop_;          // outlives this
  scoreboard::Board& board_;  // outlives this
  sys::UsageMeter meter_;
  loop::Timer timer_;
  std::map<std::uint32_t, util::TimePoint> begun_;  // reloads under way, by generation
};

}  // namespace colmeia::master
