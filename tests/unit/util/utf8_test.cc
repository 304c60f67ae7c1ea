#include "util/utf8.h"

#include <gtest/gtest.h>

namespace colmeia::util {
namespace {

using namespace std::string_view_literals;

TEST(Utf8CharacterAtTest, TellsTheLengthOfTheFirstCharacter) {
  EXPECT_EQ(Utf8CharacterAt("abc"), 1u);
  EXPECT_EQ(Utf8CharacterAt("\0"sv), 1u);
  EXPECT_EQ(Utf8CharacterAt("\xc3\xa9x"), 2u);
  EXPECT_EQ(Utf8CharacterAt("\xe2\x82\xac"), 3u);
  EXPECT_EQ(Utf8CharacterAt("\xf0\x9f\x90\x9d"), 4u);
}

TEST(Utf8CharacterAtTest, WhatIsNotWellFormedIsNone) {
  for (const std::string_view text :
       {""sv, "\x80"sv, "\xc3"sv, "\xc3x"sv, "\xc0\x80"sv, "\xe0\x80\x80"sv, "\xe2\x82"sv, "\xed\xa0\x80"sv,
        "\xf0\x80\x80\x80"sv, "\xf0\x9f\x90"sv, "\xf4\x90\x80\x80"sv, "\xf5\x80\x80\x80"sv, "\xff"sv}) {
    EXPECT_EQ(Utf8CharacterAt(text), 0u) << testing::PrintToString(text);
  }
}

}  // namespace
}  // namespace colmeia::util
