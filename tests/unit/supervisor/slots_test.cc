#include "supervisor/slots.h"

#include <gtest/gtest.h>

namespace colmeia::supervisor {
namespace {

class SlotTableTest : public ::testing::Test {
 protected:
  void Given(std::uint32_t generation, std::uint32_t seat) { ASSERT_TRUE(table.Take(generation, seat)); }

  void End(std::uint32_t slot) {
    table.Enter(slot, SlotState::kGone);
    table[slot].See(SlotEnds::kChannel);
    table[slot].See(SlotEnds::kExit);
    table.Free(slot);
  }

  SlotTable table;
};

TEST_F(SlotTableTest, GivesTheLowestFreeSlot) {
  EXPECT_EQ(table.Take(1, 0), 0U);
  EXPECT_EQ(table.Take(1, 1), 1U);
  EXPECT_EQ(table.Take(1, 2), 2U);
  End(1);
  EXPECT_EQ(table.Take(2, 0), 1U);
  EXPECT_EQ(table.living(), 3U);
}

TEST_F(SlotTableTest, IsExhaustedAtItsSize) {
  for (std::uint32_t i = 0; i < SlotTable::kSize; ++i) ASSERT_EQ(table.Take(1, i), i);
  EXPECT_EQ(table.Take(1, SlotTable::kSize), std::nullopt);
  EXPECT_EQ(table.free(), 0U);
  End(700);
  EXPECT_EQ(table.Take(1, 700), 700U);
}

TEST_F(SlotTableTest, ForgetsEverythingOfTheLastProcess) {
  Given(1, 0);
  table[0].pid = 77;
  table[0].why = "because";
  End(0);
  Given(2, 5);
  EXPECT_EQ(table[0].pid, 0);
  EXPECT_EQ(table[0].why, "");
  EXPECT_FALSE(table[0].reaped());
}

TEST_F(SlotTableTest, KnowsWhoFillsASeat) {
  Given(1, 0);
  Given(2, 0);
  EXPECT_EQ(table.Occupant(2, 0), 1U);
  table[1].seated = false;
  EXPECT_EQ(table.Occupant(2, 0), std::nullopt);
  EXPECT_EQ(table.LivingIn(2), 1U);
}

TEST_F(SlotTableTest, KnowsWhereALoopMayEnd) {
  for (std::uint32_t i = 0; i < 5; ++i) Given(1, i);
  EXPECT_EQ(table.used(), 5U);
  End(3);
  EXPECT_EQ(table.used(), 5U);
  End(4);
  EXPECT_EQ(table.used(), 3U);
  EXPECT_FALSE(table.Lives(4));
  EXPECT_FALSE(table.Lives(5000));
}

TEST_F(SlotTableTest, TellsHowAProcessEnded) {
  Slot slot;
  slot.exit_signal = 11;
  EXPECT_EQ(DescribeEnd(slot), "was killed by signal 11 (SIGSEGV)");
  slot.serving = "GET /a HTTP/1.1";
  EXPECT_EQ(DescribeEnd(slot), "was killed by signal 11 (SIGSEGV), serving \"GET /a HTTP/1.1\"");
  slot.exit_signal = 6;
  slot.hung = std::chrono::milliseconds(3000);
  EXPECT_EQ(DescribeEnd(slot), "was killed by signal 6 (SIGABRT), hung for 3 s, serving \"GET /a HTTP/1.1\"");
}

using SlotTableDeathTest = SlotTableTest;

TEST_F(SlotTableDeathTest, RefusesToGoBack) {
  Given(1, 0);
  table.Enter(0, SlotState::kDraining);
  EXPECT_DEATH(table.Enter(0, SlotState::kReady), "");
}

TEST_F(SlotTableDeathTest, RefusesToFreeASlotWithOneEndOpen) {
  Given(1, 0);
  table[0].pid = 77;
  table.Enter(0, SlotState::kGone);
  table[0].See(SlotEnds::kExit);
  EXPECT_DEATH(table.Free(0), "");
}

}  // namespace
}  // namespace colmeia::supervisor
