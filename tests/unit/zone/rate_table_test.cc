#include "zone/rate_table.h"

#include <optional>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "zone/memory.h"

namespace colmeia::zone {
namespace {

constexpr std::uint64_t kOnePerSecond = 1000;
constexpr std::size_t kMegabyte = std::size_t{1} << 20;

class RatesTest : public testing::Test {
 protected:
  using Verdict = RateTable::Verdict;

  RateTable::Result Take(const std::string& key, std::uint64_t burst = 0, std::uint64_t rate = kOnePerSecond) {
    return rates.Take(table.Hash(key), rate, burst * 1000, {.holder = 3, .now_ms = now});
  }

  Memory memory{{.kind = ZoneKind::kRates, .size = kLeastSize}};
  Table table = memory.table();
  RateTable rates{table};
  std::uint64_t now = 5'000'000;
};

TEST_F(RatesTest, AFirstRequestHasNoExcessAndTheNextOneHasAWholeOne) {
  EXPECT_EQ(Take("a", 5).excess, 0u);
  EXPECT_EQ(Take("a", 5).excess, 1000u);
  EXPECT_EQ(Take("a", 5).excess, 2000u);
  EXPECT_EQ(Take("b", 5).excess, 0u);
}

TEST_F(RatesTest, ExcessShrinksWithTheRate) {
  Take("a", 5);
  Take("a", 5);
  now += 400;
  EXPECT_EQ(Take("a", 5).excess, 1600u);
  now += 60'000;
  EXPECT_EQ(Take("a", 5).excess, 0u);
}

TEST_F(RatesTest, WhatExceedsTheBurstIsNotCounted) {
  Take("a");
  for (int i = 0; i < 3; ++i) {
    const RateTable::Result result = Take("a");
    EXPECT_EQ(result.verdict, Verdict::kExceeds);
    EXPECT_EQ(result.excess, 1000u);
  }
  now += 1000;
  EXPECT_EQ(Take("a").verdict, Verdict::kPasses);
}

TEST_F(RatesTest, AddCountsInAnyCaseAndLookNever) {
  const std::uint64_t hash = table.Hash("a");
  EXPECT_EQ(rates.Look(hash, kOnePerSecond, 0, now).excess, 0u);
  EXPECT_FALSE(table.Find(hash));
  EXPECT_EQ(rates.Add(hash, kOnePerSecond, {.holder = 0, .now_ms = now}).excess, 0u);
  EXPECT_EQ(rates.Add(hash, kOnePerSecond, {.holder = 0, .now_ms = now}).excess, 1000u);
  EXPECT_EQ(rates.Look(hash, kOnePerSecond, 0, now).verdict, Verdict::kExceeds);
  EXPECT_EQ(rates.Look(hash, kOnePerSecond, 2000, now).excess, 2000u);
}

TEST_F(RatesTest, AClockThatIsALittleBehindDoesNotGoBack) {
  Take("a", 5);
  now -= 100;
  EXPECT_EQ(Take("a", 5).excess, 1000u);
  now += 100;
  EXPECT_EQ(Take("a", 5).excess, 2000u);
}

TEST_F(RatesTest, HugeRatesAndLongPausesDoNotOverflow) {
  Take("a", 0, 1'000'000'000'000);
  now += std::uint64_t{300} * 24 * 3600 * 1000;
  EXPECT_EQ(Take("a", 0, 1'000'000'000'000).excess, 0u);
  EXPECT_EQ(Take("b", 0, 1).excess, 0u);
  EXPECT_EQ(Take("b", 0, 1).verdict, Verdict::kExceeds);
}

TEST_F(RatesTest, DelaysAreWhatKeepsTheRate) {
  EXPECT_EQ(DelayMs(2000, 0, kOnePerSecond), 2000u);
  EXPECT_EQ(DelayMs(2000, 2000, kOnePerSecond), 0u);
  EXPECT_EQ(DelayMs(2500, 2000, 5000), 100u);
}

// nginx has some 16,000 in a megabyte.
TEST(RatesCapacityTest, AMegabyteHoldsFortyThousandLivingKeys) {
  const Memory memory({.kind = ZoneKind::kRates, .size = kMegabyte});
  const Table table = memory.table();
  const RateTable rates(table);
  const auto take = [&](int key) {
    return rates.Take(table.Hash("key " + std::to_string(key)), 1, 0, {.holder = 0, .now_ms = 1000});
  };
  for (int key = 0; key < 40'000; ++key) ASSERT_EQ(take(key).verdict, RateTable::Verdict::kPasses) << key;
  for (int key = 0; key < 40'000; ++key) ASSERT_EQ(take(key).verdict, RateTable::Verdict::kExceeds) << key;
}

TEST(RatesCapacityTest, FullOfLivingKeysIsAVerdictAndTheOldestOfTheOthersGoFirst) {
  const Memory memory({.kind = ZoneKind::kRates, .size = kLeastSize});
  const Table table = memory.table();
  const RateTable rates(table);
  const auto take = [&](const std::string& key, std::uint64_t now) {
    return rates.Take(table.Hash(key), kOnePerSecond, 0, {.holder = 0, .now_ms = now}).verdict;
  };
  std::optional<std::string> refused;
  for (int i = 0; i < 100'000 && !refused; ++i) {
    const std::string key = std::to_string(i);
    if (take(key, 1000) == RateTable::Verdict::kFull) refused = key;
  }
  ASSERT_TRUE(refused);
  EXPECT_EQ(take(*refused, 1999), RateTable::Verdict::kFull);
  EXPECT_EQ(take(*refused, 2000), RateTable::Verdict::kPasses);  // by now each of them would count like a new one
  EXPECT_EQ(take(*refused, 2001), RateTable::Verdict::kExceeds);
}

TEST(RatesLayoutTest, AnotherLayoutKindOrSizeIsNotKnown) {
  const TableGeometry geometry{.kind = ZoneKind::kRates, .size = kLeastSize};
  const Memory memory(geometry);
  EXPECT_TRUE(Table::Knows(memory.common(), geometry));
  EXPECT_FALSE(Table::Knows(memory.common(), {.kind = ZoneKind::kCounts, .size = kLeastSize}));
  EXPECT_FALSE(Table::Knows(memory.common(), {.kind = ZoneKind::kRates, .size = kLeastSize - 1}));
  reinterpret_cast<TableHeader*>(memory.common().data())->version.store(kZoneVersion + 1);
  EXPECT_FALSE(Table::Knows(memory.common(), geometry));
}

}  // namespace
}  // namespace colmeia::zone
