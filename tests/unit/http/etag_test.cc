#include "http/etag.h"

#include <array>
#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace colmeia::http {
namespace {

std::string Format(std::time_t mtime, std::uint64_t size) {
  std::array<char, kEtagSize> text{};
  return std::string(FormatEtag(mtime, size, text));
}

TEST(EtagTest, IsNginxTimeAndSizeInHexadecimal) {
  EXPECT_EQ(Format(0x65f1a2b3, 0x1c), "\"65f1a2b3-1c\"");
  EXPECT_EQ(Format(0, 0), "\"0-0\"");
}

TEST(EtagTest, FitsItsBufferForAnyFile) {
  EXPECT_EQ(Format(-1, std::numeric_limits<std::uint64_t>::max()).size(), kEtagSize);
}

// The table of RFC 9110 section 8.8.3.2.
TEST(EtagTest, ComparesAsTheStandardsTable) {
  EXPECT_FALSE(StrongMatch("W/\"1\"", "W/\"1\""));
  EXPECT_TRUE(WeakMatch("W/\"1\"", "W/\"1\""));
  EXPECT_FALSE(WeakMatch("W/\"1\"", "W/\"2\""));
  EXPECT_FALSE(StrongMatch("W/\"1\"", "\"1\""));
  EXPECT_TRUE(WeakMatch("W/\"1\"", "\"1\""));
  EXPECT_TRUE(StrongMatch("\"1\"", "\"1\""));
}

TEST(EtagListTest, FindsATagAmongOthers) {
  const auto strong = [](std::string_view list) { return EtagListContains(list, "\"b\"", EtagComparison::kStrong); };

  EXPECT_TRUE(strong("\"b\""));
  EXPECT_TRUE(strong("\"a\", \"b\""));
  EXPECT_TRUE(strong("\"a,\",W/\"c\" ,\t\"b\""));
  EXPECT_TRUE(strong("*"));
  EXPECT_FALSE(strong("W/\"b\""));
  EXPECT_TRUE(EtagListContains("W/\"b\"", "\"b\"", EtagComparison::kWeak));
}

TEST(EtagListTest, EndsWhereItIsMalformed) {
  for (const char* list : {"", "b", "\"b", "\"a\" x \"b\"", "w/\"b\"", "W/", ", ,"}) {
    EXPECT_FALSE(EtagListContains(list, "\"b\"", EtagComparison::kWeak)) << list;
  }
}

TEST(EtagListTest, NothingMatchesARepresentationWithoutATag) {
  EXPECT_FALSE(EtagListContains("\"\"", "", EtagComparison::kWeak));
}

}  // namespace
}  // namespace colmeia::http
