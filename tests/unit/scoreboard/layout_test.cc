#include "scoreboard/layout.h"

#include <cstddef>
#include <string_view>

#include <gmock/gmock.h>

namespace colmeia::scoreboard {
namespace {

TEST(LayoutTest, EachWriterHasPagesOfItsOwnAndTheLockComesLast) {
  for (const std::size_t page : {4096u, 16384u, 65536u}) {
    const Geometry geometry{page};
    EXPECT_LE(sizeof(Slot), page);
    EXPECT_GE(geometry.SlotAt(0), sizeof(Header));
    for (const std::uint32_t slot : {0u, 1u, kSlots - 1}) {
      EXPECT_EQ(geometry.SlotAt(slot) % page, 0u);
      EXPECT_EQ(geometry.SlotAt(slot + 1), geometry.SlotAt(slot) + page);
    }
    EXPECT_EQ(geometry.LockAt(), geometry.SlotAt(kSlots - 1) + page);
    EXPECT_EQ(geometry.size(), geometry.LockAt() + page);
  }
}

TEST(LayoutTest, WhatNobodyCanHaveCountedIsReadAsNothingAndNoSumGoesRound) {
  EXPECT_EQ(Believed(kMostCount), kMostCount);
  EXPECT_EQ(Believed(kMostCount + 1), 0u);
  EXPECT_EQ(Believed(UINT64_MAX), 0u);
  EXPECT_EQ(SumOf(2, 3), 5u);
  EXPECT_EQ(SumOf(kMostCount, kMostCount), kMostCount);
}

TEST(LayoutTest, StatesHaveNames) {
  EXPECT_EQ(SlotStateName(SlotState::kEmpty), "empty");
  EXPECT_EQ(SlotStateName(SlotState::kGone), "gone");
  EXPECT_EQ(SlotStateName(static_cast<SlotState>(99)), "?");
  EXPECT_EQ(ServerStateName(ServerState::kDegraded), "degraded");
  EXPECT_EQ(ServerStateName(ServerState::kStopping), "stopping");
}

TEST(LayoutTest, LagBucketsMeetAtTheirLimits) {
  EXPECT_EQ(LagBucket(0), 0u);
  for (std::size_t bucket = 0; bucket + 1 < kLagBuckets; ++bucket) {
    EXPECT_EQ(LagBucket(LagBucketLimitNs(bucket)), bucket);
    EXPECT_EQ(LagBucket(LagBucketLimitNs(bucket) + 1), bucket + 1);
  }
  EXPECT_EQ(LagBucket(UINT64_MAX), kLagBuckets - 1);
  EXPECT_EQ(LagBucketLimitNs(kLagBuckets - 1), UINT64_MAX);
}

TEST(SlotWriterTest, ADefaultMadeOneWritesWhereNobodyLooks) {
  SlotWriter writer;

  writer.Add(Total::kRequests);
  writer.Raise(Gauge::kReading);
  writer.Beat(1);

  EXPECT_GE(writer.Get(Total::kRequests), 1u);
}

TEST(SlotWriterTest, ResponsesAreCountedByClass) {
  Slot slot{};
  SlotWriter writer(slot);

  for (const unsigned status : {100U, 200U, 204U, 301U, 404U, 499U, 599U, 0U, 99U, 600U}) writer.AddResponse(status);

  EXPECT_EQ(writer.Get(Total::kResponses1xx), 1u);
  EXPECT_EQ(writer.Get(Total::kResponses2xx), 2u);
  EXPECT_EQ(writer.Get(Total::kResponses3xx), 1u);
  EXPECT_EQ(writer.Get(Total::kResponses4xx), 2u);
  EXPECT_EQ(writer.Get(Total::kResponses5xx), 1u);
}

TEST(SlotWriterTest, GaugesRiseFallAndAreSet) {
  Slot slot{};
  SlotWriter writer(slot);

  writer.Raise(Gauge::kWaiting);
  writer.Raise(Gauge::kWaiting);
  writer.Lower(Gauge::kWaiting);
  writer.Set(Gauge::kConnections, 7);

  EXPECT_EQ(writer.Get(Gauge::kWaiting), 1u);
  EXPECT_EQ(writer.Get(Gauge::kConnections), 7u);
}

TEST(SlotWriterTest, LagKeepsTheLastTheHighestAndTheHistogram) {
  Slot slot{};
  SlotWriter writer(slot);

  writer.AddLag(1'000'000);
  writer.AddLag(5'000);

  EXPECT_EQ(writer.Get(Gauge::kLagLastNs), 5'000u);
  EXPECT_EQ(writer.Get(Gauge::kLagMaxNs), 1'000'000u);
  EXPECT_EQ(slot.totals.lag[0].load(), 1u);
  EXPECT_EQ(slot.totals.lag[LagBucket(1'000'000)].load(), 1u);
}

}  // namespace
}  // namespace colmeia::scoreboard
