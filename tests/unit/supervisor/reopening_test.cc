#include "supervisor/reopening.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "manual_clock.h"

namespace colmeia::supervisor {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ReopeningTest : public ::testing::Test {
 protected:
  void GivenSent(std::vector<LogsReopened::Sent> sent) {
    reopening.Begin();
    reopening.Opened({std::move(sent), {}, 2}, clock.Now());
  }

  util::ManualClock clock;
  Reopening reopening;
};

TEST_F(ReopeningTest, CountsAWorkerOnceItAnsweredForAllItsFiles) {
  GivenSent({{0, 7}, {0, 8}, {1, 7}});
  reopening.Done(0, 8);
  EXPECT_EQ(reopening.switched(), 0U);
  reopening.Done(0, 7);
  EXPECT_EQ(reopening.switched(), 1U);
  EXPECT_FALSE(reopening.complete());
  EXPECT_THAT(reopening.Laggards(), ElementsAre(1));
}

TEST_F(ReopeningTest, IgnoresAnswersToOtherCommands) {
  GivenSent({{0, 7}});
  reopening.Done(0, 6);
  reopening.Done(1, 7);
  EXPECT_EQ(reopening.switched(), 0U);
  EXPECT_FALSE(reopening.complete());
}

TEST_F(ReopeningTest, ForgetsWhatADeadWorkerOwes) {
  GivenSent({{0, 7}, {0, 8}});
  reopening.Gone(0);
  EXPECT_TRUE(reopening.complete());
  EXPECT_EQ(reopening.switched(), 0U);
  EXPECT_THAT(reopening.Laggards(), IsEmpty());
}

TEST_F(ReopeningTest, IsIdleAgainAfterwards) {
  GivenSent({});
  EXPECT_TRUE(reopening.complete());
  reopening.Finish();
  EXPECT_EQ(reopening.state(), Reopening::State::kIdle);
  EXPECT_EQ(reopening.deadline(), std::nullopt);
}

}  // namespace
}  // namespace colmeia::supervisor
