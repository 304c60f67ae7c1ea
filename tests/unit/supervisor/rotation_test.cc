#include "supervisor/rotation.h"

#include <gtest/gtest.h>

namespace colmeia::supervisor {
namespace {

using Reason = Rotation::Reason;

TEST(RotationQueueTest, KnowsTheOldOneUntilItFinishesAndTheReliefUntilItServes) {
  Rotation rotation;
  EXPECT_FALSE(rotation.old() || rotation.relief());
  rotation.Begin(3, 5);
  EXPECT_EQ(rotation.old(), 3U);
  EXPECT_EQ(rotation.relief(), 5U);
  EXPECT_FALSE(rotation.deadline());
  const util::TimePoint now{};
  rotation.Switched(now);
  EXPECT_EQ(rotation.old(), 3U);
  EXPECT_FALSE(rotation.relief());
  EXPECT_EQ(rotation.deadline(), now + Rotation::kPatience);
  rotation.Finish();
  EXPECT_FALSE(rotation.old() || rotation.deadline());
}

TEST(RotationQueueTest, KeepsAWorkerOnceInTheOrderOfArrival) {
  Rotation rotation;
  for (const std::uint32_t slot : {2U, 1U, 2U}) rotation.Add({slot, Reason::kRecycle, "has grown"});
  ASSERT_EQ(rotation.waiting().size(), 2U);
  EXPECT_EQ(rotation.waiting()[0].slot, 2U);
  rotation.Begin(1, 5);
  rotation.Add({1, Reason::kRecycle, "has grown"});
  EXPECT_EQ(rotation.waiting().size(), 1U);
}

TEST(RotationQueueTest, RemembersThatAnOperatorWantsThisVeryWorkerGone) {
  Rotation rotation;
  rotation.Add({2, Reason::kRestart, "is restarted"});
  rotation.Add({2, Reason::kDrain, "is told to leave"});
  rotation.Add({2, Reason::kRestart, "is restarted"});
  ASSERT_EQ(rotation.waiting().size(), 1U);
  EXPECT_EQ(rotation.waiting()[0].reason, Reason::kDrain);
}

}  // namespace
}  // namespace colmeia::supervisor
