#include "util/units.h"

#include <gtest/gtest.h>

namespace colmeia::util {
namespace {

using std::chrono::seconds;

TEST(ParseSizeTest, ReadsEveryUnitInEitherCase) {
  EXPECT_EQ(ParseSize("0"), 0U);
  EXPECT_EQ(ParseSize("512"), 512U);
  EXPECT_EQ(ParseSize("8k"), 8U << 10);
  EXPECT_EQ(ParseSize("8K"), 8U << 10);
  EXPECT_EQ(ParseSize("1m"), 1U << 20);
  EXPECT_EQ(ParseSize("3M"), 3U << 20);
  EXPECT_EQ(ParseSize("2g"), std::uint64_t{2} << 30);
  EXPECT_EQ(ParseSize("2G"), std::uint64_t{2} << 30);
}

TEST(ParseSizeTest, RefusesWhatIsNoSize) {
  for (const char* text : {"", "k", "8kb", "8 k", "-1", "+1", "1.5m", "8t", "k8", "0x10", " 8", "8kk"}) {
    EXPECT_EQ(ParseSize(text), std::nullopt) << text;
  }
}

TEST(ParseSizeTest, RefusesOverflow) {
  EXPECT_EQ(ParseSize("9223372036854775807"), 9223372036854775807U);
  EXPECT_EQ(ParseSize("9223372036854775808"), std::nullopt);
  EXPECT_EQ(ParseSize("8589934591g"), std::uint64_t{8589934591} << 30);
  EXPECT_EQ(ParseSize("8589934592g"), std::nullopt);
  EXPECT_EQ(ParseSize("99999999999999999999999"), std::nullopt);
}

TEST(ParseTimeTest, ReadsEveryUnit) {
  EXPECT_EQ(ParseTime("500ms"), Milliseconds(500));
  EXPECT_EQ(ParseTime("30s"), seconds(30));
  EXPECT_EQ(ParseTime("2m"), seconds(120));
  EXPECT_EQ(ParseTime("3h"), seconds(3 * 3600));
  EXPECT_EQ(ParseTime("4d"), seconds(4 * 86400));
  EXPECT_EQ(ParseTime("1w"), seconds(7 * 86400));
  EXPECT_EQ(ParseTime("1M"), seconds(30 * 86400));
  EXPECT_EQ(ParseTime("1y"), seconds(365 * 86400));
}

TEST(ParseTimeTest, TakesABareNumberAsSeconds) {
  EXPECT_EQ(ParseTime("0"), seconds(0));
  EXPECT_EQ(ParseTime("75"), seconds(75));
  EXPECT_EQ(ParseTime("1h30"), seconds(3630));
}

TEST(ParseTimeTest, AddsPartsThatDescend) {
  EXPECT_EQ(ParseTime("1h30m"), seconds(5400));
  EXPECT_EQ(ParseTime("1d 2h 3m 4s 5ms"), Milliseconds(((24 + 2) * 3600 + 3 * 60 + 4) * 1000 + 5));
  EXPECT_EQ(ParseTime("1y1M1w"), seconds((365 + 30 + 7) * 86400));
}

TEST(ParseTimeTest, RefusesPartsThatDoNotDescend) {
  for (const char* text : {"30m1h", "1s1s", "1ms1s", "5 5", "5s5", "1m1M"}) {
    EXPECT_EQ(ParseTime(text), std::nullopt) << text;
  }
}

TEST(ParseTimeTest, RefusesWhatIsNoTime) {
  for (const char* text : {"", "s", "ms", "-1", "1.5s", "1x", "1S", "1H", " 1s", "1hm", "1 s", "1sm"}) {
    EXPECT_EQ(ParseTime(text), std::nullopt) << text;
  }
}

TEST(ParseTimeTest, RefusesOverflow) {
  EXPECT_EQ(ParseTime("99999999999y"), std::nullopt);
  EXPECT_EQ(ParseTime("9223372036854775807"), std::nullopt);
  EXPECT_EQ(ParseTime("292471y 9999999999999999s"), std::nullopt);
  EXPECT_EQ(ParseTime("18446744073709551616ms"), std::nullopt);
}

TEST(ParseSecondsTest, ReadsWholeSecondsOnly) {
  EXPECT_EQ(ParseSeconds("1h30m"), seconds(5400));
  EXPECT_EQ(ParseSeconds("30"), seconds(30));
  EXPECT_EQ(ParseSeconds("1y"), seconds(365 * 86400));
  EXPECT_EQ(ParseSeconds("1500ms"), std::nullopt);
  EXPECT_EQ(ParseSeconds("1s0ms"), std::nullopt);
}

}  // namespace
}  // namespace colmeia::util
