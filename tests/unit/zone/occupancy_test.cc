#include "zone/occupancy.h"

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "zone/count_table.h"
#include "zone/memory.h"
#include "zone/rate_table.h"

namespace colmeia::zone {
namespace {

constexpr std::uint64_t kPerSecond = 1000;

TEST(OccupancyTest, ANewZoneIsEmpty) {
  const Memory memory({.kind = ZoneKind::kRates, .size = kLeastSize});

  const Occupancy seen = OccupancyOf(memory.table(), kPerSecond, 5);

  EXPECT_EQ(seen.slots, memory.table().size());
  EXPECT_EQ(seen.living, 0u);
  EXPECT_EQ(seen.refused, 0u);
}

TEST(OccupancyTest, AKeyOfARateLivesUntilItHasDrained) {
  const Memory memory({.kind = ZoneKind::kRates, .size = kLeastSize});
  const Table table = memory.table();
  for (const std::string key : {"a", "b", "c"}) {
    static_cast<void>(RateTable(table).Take(table.Hash(key), kPerSecond, 0, {.holder = 1, .now_ms = 1000}));
  }

  EXPECT_EQ(OccupancyOf(table, kPerSecond, 1000).living, 3u);
  EXPECT_EQ(OccupancyOf(table, kPerSecond, 1999).living, 3u);
  EXPECT_EQ(OccupancyOf(table, kPerSecond, 2000).living, 0u);
  // The rate may be another one after a reload.
  EXPECT_EQ(OccupancyOf(table, kPerSecond / 10, 2000).living, 3u);
}

TEST(OccupancyTest, AKeyOfACountLivesWhileItHasSomething) {
  const Memory memory({.kind = ZoneKind::kCounts, .size = kLeastSize});
  const Table table = memory.table();
  const CountTable counts(table, memory.share(1), 1);
  const CountTable::Result first = counts.Take(table.Hash("a"), 10, 1);
  static_cast<void>(counts.Take(table.Hash("b"), 10, 1));

  EXPECT_EQ(OccupancyOf(table, 0, 1).living, 2u);
  counts.Give(first.index);
  EXPECT_EQ(OccupancyOf(table, 0, 1).living, 1u);
}

TEST(OccupancyTest, WhatFindsNoRoomIsCountedByAll) {
  const Memory memory({.kind = ZoneKind::kRates, .size = kLeastSize});
  memory.table().CountRefused();
  memory.table().CountRefused();

  EXPECT_EQ(OccupancyOf(memory.table(), kPerSecond, 1).refused, 2u);
}

// Keys are spread evenly, so a part of the slots tells of all of them.
TEST(OccupancyTest, OfALargeZoneThePartThatLivesIsEstimated) {
  const Memory memory({.kind = ZoneKind::kRates, .size = std::size_t{8} << 20});
  const Table table = memory.table();
  ASSERT_GT(table.size(), kLookedAt);
  constexpr std::uint64_t kKeys = 50'000;
  for (std::uint64_t i = 0; i < kKeys; ++i) {
    static_cast<void>(
        RateTable(table).Take(table.Hash(fmt::format("{}", i)), kPerSecond, 0, {.holder = 1, .now_ms = 1000}));
  }

  const Occupancy seen = OccupancyOf(table, kPerSecond, 1000);

  EXPECT_EQ(seen.slots, table.size());
  EXPECT_NEAR(static_cast<double>(seen.living), static_cast<double>(kKeys), 0.05 * kKeys);
}

TEST(OccupancyTest, ATableOfNoSlotsHasNothing) { EXPECT_EQ(OccupancyOf(Table(), kPerSecond, 1), Occupancy{}); }

}  // namespace
}  // namespace colmeia::zone
