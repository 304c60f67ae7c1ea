#include "h1/head_lines.h"

#include <string>

#include <gtest/gtest.h>

#include "h1/bytes.h"

namespace colmeia::h1 {
namespace {

TEST(RequestLineTest, SaysWhereItsPartsAre) {
  RequestLine line;

  ASSERT_FALSE(ParseRequestLine("PURGE /a HTTP/1.7", line));

  EXPECT_EQ(line.size, 17U);
  EXPECT_EQ(line.method_size, 5U);
  EXPECT_EQ(line.target_size, 2U);
  EXPECT_EQ(line.method, http::Method::kUnknown);
  EXPECT_EQ(line.version_minor, 1);
}

// A client that sends its bytes slowly is told the same as one that sends them at once.
TEST(RequestLineTest, APartIsRefusedOnlyIfTheWholeWillBe) {
  for (const char* text :
       {"GET / HTTP/1.1", "G(T / HTTP/1.1", " GET / HTTP/1.1", "\x01 / HTTP/1.1", "GET\t/ HTTP/1.1"}) {
    const std::string whole = text;
    RequestLine line;
    const http::Fault expected = ParseRequestLine(whole, line);
    http::Fault early;
    for (std::size_t size = 0; size <= whole.size() && !early; ++size) {
      early = CheckPartialRequestLine(whole.substr(0, size));
    }

    EXPECT_EQ(early.reason, expected.reason) << whole;
  }
}

TEST(RequestLineTest, ACrMayYetBeALineEnd) {
  EXPECT_FALSE(CheckPartialRequestLine("GET\r"));
  EXPECT_TRUE(CheckPartialRequestLine("GET\rx"));
}

TEST(FieldLineTest, TellsTheClassesOfTheName) {
  std::string plain = "X-1: a_b";
  std::string odd = "a_b.c: d";

  EXPECT_EQ(CheckFieldLine(plain.data(), plain.size()).name_classes, kPlainToken);
  EXPECT_EQ(CheckFieldLine(odd.data(), odd.size()).name_classes, kPlainToken | kUnderscore | kOddToken);
}

TEST(FieldLineTest, FindsAControlCharacterAtEveryPlace) {
  for (std::size_t at = 2; at < 40; ++at) {
    for (const char control : {'\0', '\x01', '\x1f', '\x7f', '\r'}) {
      std::string line = "A:" + std::string(40, '\xff');
      line[at] = control;

      EXPECT_TRUE(CheckFieldLine(line.data(), line.size()).fault) << at;
    }
  }
}

TEST(FieldLineTest, TurnsTabsIntoSpaces) {
  std::string line = "A:\tb\tc\t";

  EXPECT_FALSE(CheckFieldLine(line.data(), line.size()).fault);

  EXPECT_EQ(line, "A: b c ");
}

}  // namespace
}  // namespace colmeia::h1
