#include "lab/stats.h"

#include <numeric>
#include <vector>

#include "gtest/gtest.h"

namespace colmeia::lab {
namespace {

TEST(StatsTest, APercentileIsTheNearestRank) {
  std::vector<double> sorted(200);
  std::iota(sorted.begin(), sorted.end(), 1);

  EXPECT_EQ(Percentile(sorted, 50), 100);
  EXPECT_EQ(Percentile(sorted, 99), 198);
  EXPECT_EQ(Percentile(sorted, 99.4), 199);
  EXPECT_EQ(Percentile(sorted, 100), 200);
  EXPECT_EQ(Percentile(sorted, 0.1), 1);
}

TEST(StatsTest, OneSampleIsEveryPercentile) {
  EXPECT_EQ(Percentile({7}, 1), 7);
  EXPECT_EQ(Percentile({7}, 99), 7);
}

TEST(StatsTest, ASummaryDoesNotNeedSortedSamples) {
  const Summary summary = Summarize({30, 10, 20});

  EXPECT_EQ(summary.samples, 3);
  EXPECT_EQ(summary.p50, 20);
  EXPECT_EQ(summary.p99, 30);
  EXPECT_EQ(summary.mean, 20);
  EXPECT_EQ(summary.max, 30);
}

TEST(StatsTest, NothingSummedUpIsNothing) {
  const Summary summary = Summarize({});

  EXPECT_EQ(summary.samples, 0);
  EXPECT_EQ(summary.p99, 0);
}

TEST(StatsTest, ImbalanceIsOneWhenAllHaveTheSameAndTheirNumberWhenOneHasAll) {
  EXPECT_EQ(Imbalance({5, 5, 5, 5}), 1);
  EXPECT_EQ(Imbalance({0, 20, 0, 0}), 4);
  EXPECT_EQ(Imbalance({3, 1}), 1.5);
  EXPECT_EQ(Imbalance({0, 0}), 0);
}

}  // namespace
}  // namespace colmeia::lab
