#include "util/escape.h"

#include <utility>

#include <gtest/gtest.h>

#include "util/json_writer.h"

namespace colmeia::util {
namespace {

TEST(EscapeTest, ALineShowsWhatWouldEndItOrCommandATerminal) {
  const std::string_view text("a\x1b[2J\r\n\0\x7f\tb \"\\", 14);
  EXPECT_EQ(Escaped(EscapeFor::kLine, text), "a\\x1B[2J\\x0D\\x0A\\x00\\x7F\tb \"\\");
  EXPECT_EQ(Escaped(EscapeFor::kCell, text), "a\\x1B[2J\\x0D\\x0A\\x00\\x7F\\x09b \"\\");
  EXPECT_EQ(Escaped(EscapeFor::kQuoted, text), "a\\x1B[2J\\x0D\\x0A\\x00\\x7F\\x09b \\x22\\x5C");
}

TEST(EscapeTest, AFieldIsAscii) {
  EXPECT_EQ(Escaped(EscapeFor::kField, "a \"b\"\\\xc3\xa9\xff\x7f\n"), "a \\x22b\\x22\\x5C\\xC3\\xA9\\xFF\\x7F\\x0A");
}

TEST(EscapeTest, RawLosesItsNewlinesOnly) {
  EXPECT_EQ(Escaped(EscapeFor::kRaw, "a\"\\\r\t\xff\nb"),
            "a\"\\\r\t\xff\\x0A"
            "b");
}

TEST(EscapeTest, CharactersOfUtf8Stay) {
  const std::string bees = "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x9d";
  for (const EscapeFor what : {EscapeFor::kLine, EscapeFor::kCell, EscapeFor::kQuoted, EscapeFor::kJson}) {
    EXPECT_EQ(Escaped(what, bees), bees);
  }
}

TEST(EscapeTest, TerminalsObeyNoWideControlEither) {
  EXPECT_EQ(Escaped(EscapeFor::kLine,
                    "a\xc2\x9b"
                    "2Jb\xc2\xa0"),
            "a\\xC2\\x9B"
            "2Jb\xc2\xa0");
  EXPECT_EQ(Escaped(EscapeFor::kJson, "a\xc2\x85"), "a\\u0085");
}

std::string JsonString(std::string_view text) { return JsonWriter().Value(text).Take(); }

TEST(EscapeTest, JsonStringsAreJsonWhateverTheBytesAre) {
  EXPECT_EQ(JsonString("plain"), R"("plain")");
  EXPECT_EQ(JsonString("a \"b\" \\ \n\r\t\b\f\x01\x7f"), R"("a \"b\" \\ \n\r\t\b\f\u0001\u007F")");
  EXPECT_EQ(JsonString("a\xff z"), R"("a\u00FF z")");
  EXPECT_EQ(JsonString("\xc3"), R"("\u00C3")");                                // cut short
  EXPECT_EQ(JsonString("\xc0\xaf"), R"("\u00C0\u00AF")");                      // overlong
  EXPECT_EQ(JsonString("\xed\xa0\x80"), R"("\u00ED\u00A0\u0080")");            // a surrogate
  EXPECT_EQ(JsonString("\xf4\x90\x80\x80"), R"("\u00F4\u0090\u0080\u0080")");  // beyond U+10FFFF
  EXPECT_EQ(JsonString(std::string_view("\0", 1)), R"("\u0000")");
}

TEST(EscapeTest, EveryByteAtEveryPlaceIsFound) {
  for (int byte = 0; byte < 256; ++byte) {
    for (std::size_t size = 1; size <= 20; ++size) {
      for (std::size_t place = 0; place < size; ++place) {
        std::string text(size, 'x');
        text[place] = static_cast<char>(byte);
        const std::string out = Escaped(EscapeFor::kField, text);
        const bool is_plain = byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
        ASSERT_EQ(out.size(), is_plain ? size : size + 3) << byte << " at " << place << " of " << size;
        ASSERT_EQ(Escaped(EscapeFor::kJson, text).find(static_cast<char>(byte)) == std::string::npos,
                  !is_plain && byte != 0x22 && byte != 0x5c)
            << byte;
      }
    }
  }
}

TEST(EscaperTest, GivesPiecesThatAreParts) {
  Escaper escaper(EscapeFor::kLine, "ab\ncd");
  EXPECT_EQ(escaper.Next(), "ab");
  EXPECT_EQ(escaper.Next(), "\\x0A");
  EXPECT_EQ(escaper.Next(), "cd");
  EXPECT_EQ(escaper.Next(), "");
  EXPECT_EQ(escaper.Next(), "");
}

}  // namespace
}  // namespace colmeia::util
