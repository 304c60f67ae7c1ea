// What many samples of one thing amount to.
#pragma once

#include <cstddef>
#include <vector>

namespace colmeia::lab {

// The nearest-rank percentile: the smallest sample that at least `percent` of all samples do not exceed. Always one of
// the samples, never a mean of two. REQUIRES: `sorted` is ascending and not empty, 0 < percent <= 100.
[[nodiscard]] double Percentile(const std::vector<double>& sorted, double percent);

struct Summary {
  std::size_t samples = 0;
  double p50 = 0;
  double p99 = 0;
  double mean = 0;
  double max = 0;
};

// Of no samples: all zero.
[[nodiscard]] Summary Summarize(std::vector<double> samples);

// The largest count in relation to the mean: 1 when all are equal, n when one of n has everything. 0 without counts.
[[nodiscard]] double Imbalance(const std::vector<double>& counts);

}  // namespace colmeia::lab
