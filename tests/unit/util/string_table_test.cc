#include "util/string_table.h"

#include <gtest/gtest.h>

namespace colmeia::util {
namespace {

TEST(StringTableTest, FindsWhatWasAddedInWhateverCase) {
  StringTable table;
  EXPECT_TRUE(table.empty());
  EXPECT_EQ(table.Find(""), std::nullopt);

  EXPECT_TRUE(table.Add("Example.ORG", 7));
  EXPECT_TRUE(table.Add("", 8));
  EXPECT_FALSE(table.Add("EXAMPLE.org", 9));

  EXPECT_EQ(table.Find("example.org"), 7U);
  EXPECT_EQ(table.Find("EXAMPLE.ORG"), 7U);
  EXPECT_EQ(table.Find(""), 8U);
  EXPECT_EQ(table.Find("example.or"), std::nullopt);
  EXPECT_EQ(table.Find("example.org."), std::nullopt);
  EXPECT_EQ(table.size(), 2U);
}

TEST(StringTableTest, GrowsAndKeepsAll) {
  StringTable table;
  for (std::uint32_t i = 0; i < 5000; ++i) EXPECT_TRUE(table.Add("key" + std::to_string(i), i));
  for (std::uint32_t i = 0; i < 5000; ++i) EXPECT_EQ(table.Find("KEY" + std::to_string(i)), i);
  EXPECT_EQ(table.Find("key5000"), std::nullopt);
}

}  // namespace
}  // namespace colmeia::util
