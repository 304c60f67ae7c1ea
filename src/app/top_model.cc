#include "app/top_model.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace colmeia::app {
namespace {

using control::Counts;
using control::WorkerStatus;

// Counts only go back when they are another process's.
double PerSecond(std::uint64_t before, std::uint64_t now, double seconds) {
  return now > before ? static_cast<double>(now - before) / seconds : 0;
}

Rates RatesOf(const Counts& before, const Counts& now, std::uint64_t cpu_before, std::uint64_t cpu_now,
              double seconds) {
  return {.cpu_percent = PerSecond(cpu_before, cpu_now, seconds) / 1e7,
          .requests = PerSecond(before.requests, now.requests, seconds),
          .bytes_in = PerSecond(before.bytes_in, now.bytes_in, seconds),
          .bytes_out = PerSecond(before.bytes_out, now.bytes_out, seconds)};
}

bool Same(const WorkerStatus& a, const WorkerStatus& b) { return a.slot == b.slot && a.pid == b.pid; }

}  // namespace

void TopModel::Take(control::Status status, util::TimePoint now, std::vector<control::WorkerStatus> old) {
  double seconds = 0;
  if (taken_) seconds = std::chrono::duration<double>(now - *taken_).count();
  const bool same_server = taken_ && status.server.pid == status_.server.pid;
  const std::vector<TopRow> before = std::exchange(rows_, {});
  master_.reset();
  totals_.reset();
  if (same_server && seconds > 0) {
    master_ = RatesOf({}, {}, status_.server.cpu_ns, status.server.cpu_ns, seconds);
    totals_ = RatesOf(status_.totals, status.totals, 0, 0, seconds);
  }

  const auto add = [&](WorkerStatus& worker, bool of_old_master) {
    TopRow& row = rows_.emplace_back();
    const auto known =
        std::find_if(before.begin(), before.end(), [&](const TopRow& one) { return Same(one.worker, worker); });
    if ((same_server || (of_old_master && known != before.end())) && seconds > 0 && worker.pid != 0) {
      // One that was not there at the last look has done all that it did since then.
      const WorkerStatus fresh;
      const WorkerStatus& past = known == before.end() ? fresh : known->worker;
      row.rates = RatesOf(past.counts, worker.counts, past.cpu_ns, worker.cpu_ns, seconds);
      if (totals_) totals_->cpu_percent += row.rates->cpu_percent;
    }
    row.worker = worker;
    row.of_old_master = of_old_master;
  };
  for (WorkerStatus& worker : status.workers) add(worker, false);
  for (WorkerStatus& worker : old) add(worker, true);
  for (const TopRow& past : before) {
    const bool lives =
        std::any_of(rows_.begin(), rows_.end(), [&](const TopRow& row) { return Same(row.worker, past.worker); });
    if (lives || past.worker.pid == 0 || (past.gone && past.gone_until <= now)) continue;
    TopRow& row = rows_.emplace_back(past);
    row.rates.reset();
    if (!past.gone) row.gone_until = now + kGoneFor;
    row.gone = true;
  }
  std::stable_sort(rows_.begin(), rows_.end(), [](const TopRow& a, const TopRow& b) {
    return std::pair(a.worker.slot, !a.gone) < std::pair(b.worker.slot, !b.gone);
  });
  status_ = std::move(status);
  taken_ = now;
}

}  // namespace colmeia::app
