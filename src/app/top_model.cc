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

void TopModel::Take(control::Status status, util::TimePoint now) {
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

  for (WorkerStatus& worker : status.workers) {
    TopRow& row = rows_.emplace_back();
    const auto known =
        std::find_if(before.begin(), before.end(), [&](const TopRow& old) { return Same(old.worker, worker); });
    if (same_server && seconds > 0 && worker.pid != 0) {
      // One that was not there at the last look has done all that it did since then.
      const WorkerStatus fresh;
      const WorkerStatus& old = known == before.end() ? fresh : known->worker;
      row.rates = RatesOf(old.counts, worker.counts, old.cpu_ns, worker.cpu_ns, seconds);
      totals_->cpu_percent += row.rates->cpu_percent;
    }
    row.worker = worker;
  }
  for (const TopRow& old : before) {
    const bool lives =
        std::any_of(rows_.begin(), rows_.end(), [&](const TopRow& row) { return Same(row.worker, old.worker); });
    if (lives || old.worker.pid == 0 || (old.gone && old.gone_until <= now)) continue;
    TopRow& row = rows_.emplace_back(old);
    row.rates.reset();
    if (!old.gone) row.gone_until = now + kGoneFor;
    row.gone = true;
  }
  std::stable_sort(rows_.begin(), rows_.end(), [](const TopRow& a, const TopRow& b) {
    return std::pair(a.worker.slot, !a.gone) < std::pair(b.worker.slot, !b.gone);
  });
  status_ = std::move(status);
  taken_ = now;
}

}  // namespace colmeia::app
