#include "util/check.h"

#include <gtest/gtest.h>

namespace colmeia::util {
namespace {

TEST(CheckTest, DoesNothingWhenTheConditionHolds) { CHECK(1 + 1 == 2); }

TEST(CheckDeathTest, SaysWhatFailedAndWhere) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_DEATH(CHECK(1 + 1 == 3), "colmeia: bug: CHECK\\(1 \\+ 1 == 3\\) failed at .*check_test\\.cc:[0-9]+");
}

}  // namespace
}  // namespace colmeia::util
