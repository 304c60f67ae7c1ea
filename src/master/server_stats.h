// ServerStats: the server's history, as the master remembers it and writes it into the scoreboard: reloads with their
// results and times, workers that had to be replaced, Unix sockets that lost their names; and its own use of processor
// and memory. For status and metrics; nothing is decided by it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "loop/loop.h"
#include "loop/timer.h"
#include "scoreboard/board.h"
#include "sys/usage.h"
#include "util/clock.h"
#include "util/seldom.h"

namespace colmeia::master {

// A moment, on both clocks.
struct Moment {
  util::TimePoint at{};
  std::uint64_t wall_ms = 0;  // since 1970
};

struct SucceededReload {
  std::uint32_t generation = 0;
  Moment when{};
};

struct FailedReload {
  std::uint32_t generation = 0;
  Moment when{};
  std::string why;  // may have several lines
};

// A worker that ended without having been told to, and was replaced.
struct ReplacedWorker {
  std::uint32_t generation = 0;
  std::uint32_t seat = 0;
  std::int32_t pid = 0;
  Moment when{};
  std::string why;
};

// What the scoreboard does not hold: it has the counts and the last reload.
struct History {
  std::optional<SucceededReload> succeeded_reload{};  // the last one, as are the others
  std::optional<FailedReload> failed_reload{};
  std::optional<ReplacedWorker> respawn{};
};

class ServerStats {
 public:
  // Both must outlive this.
  ServerStats(loop::Loop& loop, scoreboard::Board& board);

  // Notes what the master uses, now and each second.
  void Start();

  // A reload began, or ended: with nothing to say when it succeeded.
  void ReloadBegins(std::uint32_t generation);
  void ReloadEnds(std::uint32_t generation, const std::string& why);

  // Unix sockets that no client finds any more, asked for each second: they are counted, and told once a minute.
  std::function<std::vector<std::string>()> lost_names;

  // A worker ended without having been told to, and is replaced. `replaced.when` is filled in here.
  void Respawn(ReplacedWorker replaced);
  // More became known of the end of the process that was told last, if it is this one.
  void Explain(std::int32_t pid, const std::string& what);

  [[nodiscard]] const History& history() const { return history_; }

 private:
  void NoteUsage();
  void NoteLostNames();
  [[nodiscard]] Moment Now() const;

  loop::Loop& loop_;          // outlives this
  scoreboard::Board& board_;  // outlives this
  sys::UsageMeter meter_;
  loop::Timer timer_;
  History history_;
  util::Seldom lost_{std::chrono::minutes(1)};
  std::map<std::uint32_t, util::TimePoint> begun_;  // reloads under way, by generation
};

}  // namespace colmeia::master
