#include "http/date.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace colmeia::http {
namespace {

std::string Format(std::time_t time) {
  std::array<char, kDateSize> text{};
  return std::string(FormatDate(time, text));
}

TEST(DateTest, WritesImfFixdate) {
  EXPECT_EQ(Format(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(Format(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(Format(951782400), "Tue, 29 Feb 2000 00:00:00 GMT");
  EXPECT_EQ(Format(-1), "Wed, 31 Dec 1969 23:59:59 GMT");
}

TEST(DateTest, ReadsTheThreeFormsOfTheStandard) {
  EXPECT_EQ(ParseDate("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
  EXPECT_EQ(ParseDate("Sunday, 06-Nov-94 08:49:37 GMT"), 784111777);
  EXPECT_EQ(ParseDate("Sun Nov  6 08:49:37 1994"), 784111777);
  EXPECT_EQ(ParseDate("Wed Nov 16 08:49:37 1994"), 784975777);
}

TEST(DateTest, ReadsWhatTheSystemFormats) {
  for (std::time_t time = 0; time < std::time_t{4102444800}; time += 86400 * 17 + 3607) {
    std::array<char, 64> expected{};
    tm parts{};
    gmtime_r(&time, &parts);
    std::strftime(expected.data(), expected.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);

    ASSERT_EQ(Format(time), expected.data());
    ASSERT_EQ(ParseDate(expected.data()), time);
  }
}

TEST(DateTest, TwoDigitYearsAreOfThisEra) {
  EXPECT_EQ(ParseDate("Thursday, 01-Jan-70 00:00:00 GMT"), 0);
  EXPECT_EQ(ParseDate("Tuesday, 01-Jan-69 00:00:00 GMT"), 3124224000);
}

TEST(DateTest, RefusesEverythingElse) {
  for (const char* text :
       {"", "yesterday", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 PST", "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nuv 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT;", "Sun, 29 Feb 1900 00:00:00 GMT", "Sun Nov 6 08:49:37 1994", "784111777"}) {
    EXPECT_EQ(ParseDate(text), std::nullopt) << text;
  }
}

TEST(DateCacheTest, ChangesWithTheSecond) {
  DateCache cache;

  EXPECT_EQ(cache.At(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(cache.At(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(cache.At(784111778), "Sun, 06 Nov 1994 08:49:38 GMT");
}

}  // namespace
}  // namespace colmeia::http
