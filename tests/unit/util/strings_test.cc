#include "util/strings.h"

#include <cstdint>

#include <gmock/gmock.h>
#include <ctime>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace colmeia::util {
namespace {

using testing::ElementsAre;

TEST(StringsTest, FoldsOnlyAscii) {
  EXPECT_TRUE(EqualsIgnoreCase("Content-Type", "cONTENT-tYPE"));
  EXPECT_FALSE(EqualsIgnoreCase("a", "ab"));
  EXPECT_FALSE(EqualsIgnoreCase("\xc4", "\xe4"));
  EXPECT_FALSE(EqualsIgnoreCase("@", "`"));
  EXPECT_FALSE(EqualsIgnoreCase("[", "{"));
  EXPECT_EQ(Lowercase("ABC-xyz_Z9"), "abc-xyz_z9");
}

TEST(StringsTest, ComparesBeginnings) {
  EXPECT_TRUE(StartsWithIgnoreCase("Bytes=0-1", "bytes="));
  EXPECT_TRUE(StartsWithIgnoreCase("x", ""));
  EXPECT_FALSE(StartsWithIgnoreCase("byte", "bytes"));
}

TEST(StringsTest, TrimsSpacesAndTabsOnly) {
  EXPECT_EQ(Trim(" \ta b\t "), "a b");
  EXPECT_EQ(Trim("\na\r"), "\na\r");
  EXPECT_EQ(Trim(" \t"), "");
  EXPECT_EQ(Trim(""), "");
}

TEST(StringsTest, SplitsWithEmptyParts) {
  EXPECT_THAT(Split("a,,b", ','), ElementsAre("a", "", "b"));
  EXPECT_THAT(Split(",", ','), ElementsAre("", ""));
  EXPECT_THAT(Split("", ','), ElementsAre(""));
}

TEST(StringsTest, KnowsHexadecimalDigits) {
  EXPECT_EQ(HexValue('0'), 0);
  EXPECT_EQ(HexValue('9'), 9);
  EXPECT_EQ(HexValue('a'), 10);
  EXPECT_EQ(HexValue('F'), 15);
  EXPECT_EQ(HexValue('g'), -1);
  EXPECT_EQ(HexValue('/'), -1);
  EXPECT_EQ(HexValue('\0'), -1);
}

TEST(ParseNumberTest, ReadsWholeTextsOnly) {
  EXPECT_EQ(ParseNumber<int>("42"), 42);
  EXPECT_EQ(ParseNumber<int>("007"), 7);
  for (const char* text : {"", "-1", "+1", " 1", "1 ", "1x", "x", "0x1"}) {
    EXPECT_EQ(ParseNumber<int>(text), std::nullopt) << text;
  }
}

TEST(ParseNumberTest, RefusesOverflow) {
  EXPECT_EQ(ParseNumber<std::uint16_t>("65535"), 65535);
  EXPECT_EQ(ParseNumber<std::uint16_t>("65536"), std::nullopt);
  EXPECT_EQ(ParseNumber<std::uint64_t>("18446744073709551616"), std::nullopt);
}

TEST(ClosestTest, FindsTheNameThatWasMeant) {
  const std::vector<std::string_view> known = {"gzip_level", "root", "server_name", "sendfile", "listen"};

  EXPECT_EQ(Closest("gzip_levle", known), "gzip_level");
  EXPECT_EQ(Closest("sever_name", known), "server_name");
  EXPECT_EQ(Closest("rot", known), "root");
  EXPECT_EQ(Closest("send_file", known), "sendfile");
}

TEST(ClosestTest, SaysNothingWhenNoneIsClose) {
  EXPECT_EQ(Closest("proxy_pass", {"root", "listen"}), "");
  EXPECT_EQ(Closest("ab", {"xy"}), "");
  EXPECT_EQ(Closest("root", {}), "");
}

TEST(StringsTest, SameIsEqualityForTextsOfEveryLength) {
  for (std::size_t size = 0; size < 40; ++size) {
    const std::string text(size, 'x');
    EXPECT_TRUE(Same(text, std::string(size, 'x'))) << size;
    EXPECT_FALSE(Same(text, std::string(size + 1, 'x'))) << size;
    for (std::size_t place = 0; place < size; ++place) {
      std::string other = text;
      other[place] = 'y';
      EXPECT_FALSE(Same(text, other)) << place << " of " << size;
    }
  }
}

TEST(ClosestTest, IsQuickWithManyNames) {
  std::vector<std::string> names;
  for (int i = 0; i < 200; ++i) names.push_back("large_client_" + std::to_string(i * 7919) + "_buffers");
  const std::vector<std::string_view> known(names.begin(), names.end());
  const std::clock_t begin = std::clock();
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_EQ(Closest("unknown_name_" + std::to_string(i), known), "");
  }

  EXPECT_LT(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, 4.0);  // of the processor; it was 40
}

TEST(ClosestTest, FindsWhatIsAtTheLimitAndTheFirstOfEquals) {
  EXPECT_EQ(Closest("abcdef", {"abxxef"}), "abxxef");
  EXPECT_EQ(Closest("abcdef", {"axxxef"}), "");
  EXPECT_EQ(Closest("abcdef", {"abcdefgh"}), "abcdefgh");
  EXPECT_EQ(Closest("abcdef", {"abcdefghi"}), "");
  EXPECT_EQ(Closest("abcdef", {"cdef"}), "cdef");
  EXPECT_EQ(Closest("abcdef", {"badcef"}), "badcef");
  EXPECT_EQ(Closest("ab", {"xy", "ax", "bb"}), "ax");
  EXPECT_EQ(Closest("", {"x", "xy"}), "x");
}

}  // namespace
}  // namespace colmeia::util
