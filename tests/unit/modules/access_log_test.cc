#include "modules/access_log.h"

#include <stdlib.h>

#include <algorithm>
#include <ctime>
#include <string>

#include "modules/site_fixture.h"

namespace colmeia::modules {
namespace {

using testing::HasSubstr;

class AccessLogTest : public SiteTest {
 protected:
  // The line of one exchange, without its newline.
  std::string Line(const std::string& format, std::string_view target, RequestFields fields = {}) {
    Configure("http { log_format own " + format + "; access_log own.log own; server { listen 80; return 200 x; } }");
    Get(target, fields);
    std::string text = AccessLogText(OwnLog());
    EXPECT_TRUE(text.ends_with('\n'));
    text.pop_back();
    return text;
  }
  [[nodiscard]] std::size_t OwnLog() const { return LogNamed(folder / "own.log"); }
  [[nodiscard]] bool HasLog(const std::string& path) const {
    return std::any_of(site->logs.begin(), site->logs.end(), [&](const auto& log) { return log.path == path; });
  }
};

TEST_F(AccessLogTest, WritesCombinedLines) {
  ASSERT_EQ(setenv("TZ", "UTC", 1), 0);
  tzset();
  Configure("http { server { listen 80; return 200 hello; } }");
  Get("/a?b", {{"Referer", "http://x/"}, {"User-Agent", "bee \"1\""}});
  EXPECT_EQ(AccessLogText(LogNamed(folder / "logs/access.log")),
            "192.0.2.7 - - [18/Nov/2026:11:06:40 +0000] \"GET /a?b HTTP/1.1\" 200 5 \"http://x/\" "
            "\"bee \\x221\\x22\"\n");
}

TEST_F(AccessLogTest, EscapesWhatCouldForgeALine) {
  EXPECT_EQ(Line("'$http_x|$http_none|$arg_a'", "/?a=\\", {{"X", "a\tb\"c\x7f\xc3\xa9"}}),
            "a\\x09b\\x22c\\x7F\\xC3\\xA9|-|\\x5C");
}

TEST_F(AccessLogTest, EscapesAtEveryPlaceOfAValue) {
  Configure("http { log_format x '$http_x'; access_log x.log x; server { listen 80; return 200; } }");
  std::string wanted;
  for (const auto& [byte, escaped] : {std::pair('"', "\\x22"),
                                      {'\\', "\\x5C"},
                                      {'\x1f', "\\x1F"},
                                      {'\x7f', "\\x7F"},
                                      {'\x80', "\\x80"},
                                      {'\xff', "\\xFF"},
                                      {'~', "~"},
                                      {' ', " "},
                                      {'!', "!"},
                                      {'#', "#"},
                                      {'[', "["},
                                      {']', "]"}}) {
    for (std::size_t size = 1; size <= 20; ++size) {
      for (std::size_t place = 0; place < size; ++place) {
        std::string value(size, 'x');
        value[place] = byte;
        Get("/", {{"X", value}});
        wanted += value.replace(place, 1, escaped) + "\n";
      }
    }
  }

  EXPECT_EQ(AccessLogText(LogNamed(folder / "x.log")), wanted);
}

TEST_F(AccessLogTest, EscapesForJson) {
  EXPECT_EQ(Line("escape=json '{\"x\":\"$http_x\",\"none\":\"$http_none\"}'", "/", {{"X", "a\tb\"c\\\x01\xc3\xa9"}}),
            "{\"x\":\"a\\tb\\\"c\\\\\\u0001\xc3\xa9\",\"none\":\"\"}");
}

TEST_F(AccessLogTest, JsonIsUtf8WhateverTheClientSends) {
  EXPECT_EQ(Line("escape=json '\"$http_x\"'", "/", {{"X", "a\xff\xc3\x28\xed\xa0\x80\xc3\xa9"}}),
            "\"a\\u00FF\\u00C3(\\u00ED\\u00A0\\u0080\xc3\xa9\"");
}

TEST_F(AccessLogTest, EscapesNothingOnRequestButTheEndOfALine) {
  EXPECT_EQ(Line("escape=none '$http_x' '|$http_none'", "/", {{"X", "a\"b\xff\x1b"}}), "a\"b\xff\x1b|");
}

TEST_F(AccessLogTest, WritesToSeveralLogs) {
  Configure("http { log_format short '$status'; server { listen 80; access_log a.log; access_log b.log short; } }");
  Get("/none");
  EXPECT_THAT(AccessLogText(LogNamed(folder / "a.log")), HasSubstr("\"GET /none HTTP/1.1\" 404"));
  EXPECT_EQ(AccessLogText(LogNamed(folder / "b.log")), "404\n");
}

TEST_F(AccessLogTest, WritesOnCondition) {
  Configure("http { log_format short '$uri'; server { listen 80; access_log a.log short if=$arg_log; } }");
  Get("/a?log=1");
  Get("/b?log=0");
  Get("/c");
  EXPECT_EQ(AccessLogText(LogNamed(folder / "a.log")), "/a\n");
}

TEST_F(AccessLogTest, IsOffWhereToldSo) {
  Configure(
      "http { log_format short '$uri'; access_log a.log short; server { listen 80; return 200; location /q { } } }");
  EXPECT_FALSE(HasLog(folder / "logs/access.log"));
  Configure("http { access_log off; server { listen 80; location / { access_log b.log; } } }");
  EXPECT_TRUE(HasLog(folder / "b.log"));
  EXPECT_FALSE(HasLog(folder / "logs/access.log"));
  Configure("http { server { listen 80; location / { access_log off; } } }");
  EXPECT_TRUE(HasLog(folder / "logs/access.log"));
  Get("/x");
  EXPECT_EQ(AccessLogText(LogNamed(folder / "logs/access.log")), "");
}

TEST_F(AccessLogTest, SharesALogThatSeveralPlacesName) {
  Configure("http { server { listen 80; access_log a.log; location / { access_log a.log; } } }");
  EXPECT_EQ(std::count_if(site->logs.begin(), site->logs.end(),
                          [&](const auto& log) { return log.path == (folder / "a.log"); }),
            1);
}

TEST_F(AccessLogTest, AcceptsBuffersWithoutNeedingThem) {
  EXPECT_EQ(ErrorsOf("access_log a.log combined buffer=32k flush=1m;"), "");
}

TEST_F(AccessLogTest, RefusesWhatItCannotDo) {
  EXPECT_THAT(ErrorsOf("access_log syslog:server=unix:/dev/log;"), HasSubstr("colmeia writes logs to files only"));
  EXPECT_THAT(ErrorsOf("access_log a.log combined gzip=1;"), HasSubstr("does not compress"));
  EXPECT_THAT(ErrorsOf("access_log a.$host.log;"), HasSubstr("has no variables"));
  EXPECT_THAT(ErrorsOf("access_log a.log none;"), HasSubstr("unknown log format \"none\""));
  EXPECT_THAT(ErrorsOfWhole("http { log_format combined x; }"), HasSubstr("duplicate \"log_format\" name"));
  EXPECT_THAT(ErrorsOfWhole("http { log_format a escape=xml x; }"), HasSubstr("expected escape=default"));
  EXPECT_THAT(ErrorsOfWhole("http { log_format a $nothing; }"), HasSubstr("unknown \"nothing\" variable"));
}

}  // namespace
}  // namespace colmeia::modules
