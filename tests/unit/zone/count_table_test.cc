#include "zone/count_table.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "zone/memory.h"

namespace colmeia::zone {
namespace {

class CountsTest : public testing::Test {
 protected:
  using Verdict = CountTable::Verdict;

  CountTable Holder(std::uint32_t holder) { return {table, memory.share(holder), holder}; }
  CountTable::Result Take(std::uint32_t holder, const std::string& key, std::uint64_t limit) {
    return Holder(holder).Take(table.Hash(key), limit, 1000);
  }
  std::uint64_t Of(const std::string& key) { return Holder(0).Of(table.Hash(key)); }

  Memory memory{{.kind = ZoneKind::kCounts, .size = kLeastSize}};
  Table table = memory.table();
};

TEST_F(CountsTest, ALimitHoldsForAllHoldersTogether) {
  const CountTable::Result first = Take(0, "a", 2);
  EXPECT_EQ(first.verdict, Verdict::kTaken);
  EXPECT_EQ(Take(1, "a", 2).verdict, Verdict::kTaken);
  EXPECT_EQ(Take(2, "a", 2).verdict, Verdict::kReached);
  EXPECT_EQ(Take(2, "b", 2).verdict, Verdict::kTaken);
  Holder(0).Give(first.index);
  EXPECT_EQ(Take(2, "a", 2).verdict, Verdict::kTaken);
}

TEST_F(CountsTest, WhatAHolderDoesNotHaveItCannotGive) {
  const CountTable::Result mine = Take(0, "a", 9);
  Holder(1).Give(mine.index);
  EXPECT_EQ(Of("a"), 1u);
  Holder(0).Give(mine.index);
  Holder(0).Give(mine.index);
  EXPECT_EQ(Of("a"), 0u);
  Holder(0).Give(table.size() + 7);
}

TEST_F(CountsTest, WhatADeadHolderHadIsGivenBackAndNothingElse) {
  for (int i = 0; i < 3; ++i) Take(0, "a", 9);
  Take(0, "b", 9);
  Take(1, "a", 9);
  EXPECT_EQ(CountTable::GiveBack(table, memory.share(0), 0, kMaster), 4u);
  EXPECT_EQ(Of("a"), 1u);
  EXPECT_EQ(Of("b"), 0u);
  EXPECT_EQ(CountTable::GiveBack(table, memory.share(0), 0, kMaster), 0u);
  EXPECT_EQ(Of("a"), 1u);
}

TEST_F(CountsTest, KeysWithoutACountMakeRoom) {
  for (int i = 0; i < 100'000; ++i) {
    const CountTable::Result taken = Take(0, std::to_string(i), 1);
    ASSERT_EQ(taken.verdict, Verdict::kTaken) << i;
    Holder(0).Give(taken.index);
  }
}

TEST_F(CountsTest, FullOfLivingKeysIsAVerdict) {
  bool is_full = false;
  for (int i = 0; i < 100'000 && !is_full; ++i) is_full = Take(0, std::to_string(i), 1).verdict == Verdict::kFull;
  EXPECT_TRUE(is_full);
}

// A holder that died at each place of a change, by hand: its hand and share as they were before, the word as after.
TEST_F(CountsTest, AChangeThatTookPlaceIsGivenBackAlsoWhenTheShareDoesNotHaveIt) {
  const CountTable::Result taken = Take(0, "a", 9);
  Hand& hand = table.HandOf(0);
  const auto die_after_the_word = [&] {
    hand.change.store((taken.index + 1) << 1);
    hand.before.store(memory.share(0)[taken.index].load() - 1u);
    memory.share(0)[taken.index].store(static_cast<std::uint16_t>(hand.before.load()));
  };
  die_after_the_word();
  EXPECT_EQ(CountTable::GiveBack(table, memory.share(0), 0, kMaster), 1u);
  EXPECT_EQ(Of("a"), 0u);

  Take(0, "a", 9);
  Take(1, "a", 9);  // the word is another's by now, and was acknowledged
  die_after_the_word();
  EXPECT_EQ(CountTable::GiveBack(table, memory.share(0), 0, kMaster), 1u);
  EXPECT_EQ(Of("a"), 1u);
}

TEST_F(CountsTest, AChangeThatDidNotTakePlaceIsNotGivenBack) {
  const CountTable::Result taken = Take(0, "a", 9);
  Hand& hand = table.HandOf(0);
  hand.before.store(1);
  hand.sequence.store(hand.sequence.load() + 1);
  hand.change.store((taken.index + 1) << 1);
  EXPECT_EQ(CountTable::GiveBack(table, memory.share(0), 0, kMaster), 1u);
  EXPECT_EQ(Of("a"), 0u);
}

TEST_F(CountsTest, ATakerThatWritesNonsenseBreaksNothing) {
  Take(0, "a", 9);
  Hand& hand = table.HandOf(0);
  hand.change.store(UINT64_MAX);
  hand.before.store(UINT64_MAX);
  for (ShareCell& cell : memory.share(0)) cell.store(UINT16_MAX);
  Take(1, "b", 9);
  static_cast<void>(CountTable::GiveBack(table, memory.share(0), 0, kMaster));
  for (std::size_t i = 0; i < table.size(); ++i) {
    table[i].hash.store(UINT64_MAX - i);
    table[i].state.store(UINT64_MAX - i);
  }
  static_cast<void>(CountTable::GiveBack(table, memory.share(1), 1, kMaster));
  EXPECT_NE(Take(2, "c", 9).verdict, Verdict::kReached);
}

}  // namespace
}  // namespace colmeia::zone
