// What `ctl top` knows: the latest status, and what follows from two of them (processor load, requests a second), and
// workers that have just gone, for a little while longer. Values only: no clock, no terminal.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "control/status.h"
#include "util/clock.h"

namespace colmeia::app {

// What happened in a second, between the last two statuses; nothing while there is one only.
struct Rates {
  double cpu_percent = 0;  // of one processor
  double requests = 0;
  double bytes_in = 0;
  double bytes_out = 0;
};

struct TopRow {
  control::WorkerStatus worker;
  std::optional<Rates> rates{};
  bool gone = false;  // it was in a status before, and is in none now
  util::TimePoint gone_until{};
  bool of_old_master = false;  // its master was taken over from, and drains it
};

class TopModel {
 public:
  // How long one that is gone stays in sight.
  static constexpr util::Milliseconds kGoneFor{3000};

  // `old` are workers of the master before this one, which has not left yet.
  void Take(control::Status status, util::TimePoint now, std::vector<control::WorkerStatus> old = {});

  [[nodiscard]] const control::Status& status() const { return status_; }
  // By slot; one that is gone stands before the one that has its slot now.
  [[nodiscard]] const std::vector<TopRow>& rows() const { return rows_; }
  [[nodiscard]] const std::optional<Rates>& master() const { return master_; }
  [[nodiscard]] const std::optional<Rates>& totals() const { return totals_; }  // cpu_percent of all workers

 private:
  control::Status status_;
  std::optional<util::TimePoint> taken_;
  std::vector<TopRow> rows_;
  std::optional<Rates> master_;
  std::optional<Rates> totals_;
};

}  // namespace colmeia::app
