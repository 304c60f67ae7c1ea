#include "log/level.h"

#include "gtest/gtest.h"

namespace colmeia::log {
namespace {

TEST(LevelTest, NamesAndNumbersAreNginxs) {
  EXPECT_EQ(LevelName(Level::kEmerg), "emerg");
  EXPECT_EQ(LevelName(Level::kDebug), "debug");
  EXPECT_EQ(static_cast<int>(Level::kError), 4);
}

TEST(LevelTest, EveryNameIsParsedBack) {
  for (int number = 1; number <= 8; ++number) {
    const auto level = static_cast<Level>(number);
    EXPECT_EQ(ParseLevel(LevelName(level)), level);
  }
  EXPECT_EQ(ParseLevel("warning"), std::nullopt);
  EXPECT_EQ(ParseLevel(""), std::nullopt);
}

}  // namespace
}  // namespace colmeia::log
