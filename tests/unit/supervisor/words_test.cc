#include "supervisor/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace colmeia::supervisor {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

TEST(WordsTest, SaysSecondsAndTenths) {
  EXPECT_EQ(Words(10s), "10 s");
  EXPECT_EQ(Words(100ms), "0.1 s");
  EXPECT_EQ(Words(1600ms), "1.6 s");
  EXPECT_EQ(Words(1ms), "0.1 s");
}

TEST(WordsTest, CountsInSingularAndPlural) {
  EXPECT_EQ(Count(0, "worker"), "0 workers");
  EXPECT_EQ(Count(1, "worker"), "1 worker");
  EXPECT_EQ(Count(4, "log file"), "4 log files");
}

TEST(WordsTest, SplitsAndJoinsLines) {
  EXPECT_THAT(Lines("a\n\nb\n"), ElementsAre("a", "b"));
  EXPECT_THAT(Lines(""), ElementsAre(""));
  EXPECT_EQ(OneLine("a\n  ^\nb"), "a   ^ b");
}

}  // namespace
}  // namespace colmeia::supervisor
