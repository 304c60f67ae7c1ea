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

TEST(HostMemoTest, SaysWhatSplitHostSays) {
  HostMemo memo;
  // Neighbours differ in one part only, valid and not, and each comes twice.
  for (const char* text : {"a.org", "A.org", "a.org.", "a.org:80", "a.org:81", "a.org", "", "a.org", "a..org", "[::1]",
                           "[::1]:80", "a.orgx", "a.org"}) {
    for (int times = 0; times < 2; ++times) {
      const std::string own(text);
      const std::optional<HostPort> parts = memo.Split(own);
      const std::optional<HostPort> wanted = SplitHost(text);
      ASSERT_EQ(parts.has_value(), wanted.has_value()) << text;
      if (!parts) continue;
      EXPECT_EQ(parts->host, wanted->host) << text;
      EXPECT_EQ(parts->host.data(), own.data()) << text;
      EXPECT_EQ(parts->port, wanted->port) << text;
      EXPECT_EQ(parts->is_lower, wanted->is_lower) << text;
    }
  }
}

TEST(HostMemoTest, TakesLongHostsToo) {
  HostMemo memo;
  const std::string text(5000, 'x');

  for (int times = 0; times < 2; ++times) EXPECT_EQ(memo.Split(text)->host, text);
  EXPECT_EQ(memo.Split("a.org")->host, "a.org");
}

}  // namespace
}  // namespace colmeia::http
