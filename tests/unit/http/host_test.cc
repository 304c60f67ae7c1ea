#include "http/host.h"

#include <string>

#include <gtest/gtest.h>

namespace colmeia::http {
namespace {

TEST(HostTest, SplitsNameAndPort) {
  const std::optional<HostPort> host = SplitHost("Example.org.:8080");

  ASSERT_TRUE(host);
  EXPECT_EQ(host->host, "Example.org");
  EXPECT_EQ(host->port, 8080);
  EXPECT_FALSE(host->is_lower);
}

TEST(HostTest, LowercasesOnlyWhatNeedsIt) {
  util::Arena arena;
  const std::string_view lower = "example.org";

  EXPECT_EQ(LowercaseHost(*SplitHost(lower), arena).data(), lower.data());
  EXPECT_EQ(LowercaseHost(*SplitHost("EXAMPLE.org"), arena), "example.org");
}

TEST(HostTest, AcceptsAddresses) {
  EXPECT_EQ(SplitHost("127.0.0.1:80")->host, "127.0.0.1");
  EXPECT_EQ(SplitHost("[::1]")->host, "[::1]");
  EXPECT_EQ(SplitHost("[2001:db8::1]:443")->port, 443);
  EXPECT_EQ(SplitHost("[::ffff:1.2.3.4]:")->port, 0);
}

TEST(HostTest, AcceptsEveryRegName) {
  for (const char* text : {"x", "a_b", "a-b.c", "%41b", "!$&'()*+,;=~", "localhost:"}) {
    EXPECT_TRUE(SplitHost(text)) << text;
  }
}

TEST(HostTest, RefusesWhatIsNoHost) {
  for (const char* text : {"",        ":80",       ".",     "..",  "a..b",  "a..",  "u@h",      "a/b", "a?b",  "a b",
                           "a:65536", "a:-1",      "a:8 0", "a:b", "a:1:2", "[",    "[]",       "[x]", "[::1", "::1",
                           "[::1]x",  "[1.2.3.4]", "%",     "%4",  "%zz",   "a\\b", "\xc3\xa9", "a\t"}) {
    EXPECT_FALSE(SplitHost(text)) << text;
  }
  EXPECT_FALSE(SplitHost(std::string_view("a\0b", 3)));
  EXPECT_FALSE(SplitHost(std::string_view("[::\0@]:80", 9)));
  EXPECT_FALSE(SplitHost("[" + std::string(100, ':') + "]"));
}

}  // namespace
}  // namespace colmeia::http
