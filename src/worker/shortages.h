// Shortages: what a worker has too little of, told to the operator: each time in the counts, once a minute in the log,
// with the directive to turn.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "log/error_log.h"
#include "scoreboard/layout.h"
#include "util/clock.h"
#include "util/seldom.h"
#include "worker/room.h"

namespace colmeia::worker {

class Shortages {
 public:
  static constexpr std::chrono::minutes kEvery{1};

  // `log` must outlive this.
  Shortages(log::ErrorLog& log, scoreboard::SlotWriter counts, std::uint64_t worker_connections)
      : log_(log), counts_(counts), worker_connections_(worker_connections) {}

  // A client found no place (Room::on_short).
  void Note(Shortage what, bool made, util::TimePoint now);

  // `lines` more of the access log `path` were lost: errno, EAGAIN when its reader was too slow.
  void LostLines(std::string_view path, std::uint64_t lines, int code, util::TimePoint now);

 private:
  void Warn(std::uint64_t times, std::string_view text);

  log::ErrorLog& log_;  // outlives this
  scoreboard::SlotWriter counts_;
  std::uint64_t worker_connections_;
  util::Seldom connections_{kEvery};
  util::Seldom descriptors_{kEvery};
  util::Seldom lines_{kEvery};
};

}  // namespace colmeia::worker
