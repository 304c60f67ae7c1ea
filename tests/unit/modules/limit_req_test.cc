#include <string>

#include "modules/site_fixture.h"

namespace colmeia::modules {
namespace {

using testing::HasSubstr;
using testing::Not;

class LimitReqTest : public SiteTest {
 protected:
  // A site with zones and a text in its server.
  void Limit(const std::string& zones, const std::string& text) {
    Configure("http { log_format f '$uri $limit_req_status'; " + zones + " server { listen 80; root " + folder.path() +
              "; access_log l f; " + text + "\n} }");
    folder.Write("a", "x");
  }
  int Status(std::string_view target = "/a") { return Get(target).status; }
  void Pass(std::chrono::milliseconds time) { services.now += time; }
};

constexpr const char* kOne = "limit_req_zone $binary_remote_addr zone=one:32k rate=1r/s;";

TEST_F(LimitReqTest, RefusesWhatComesFasterThanTheRate) {
  Limit(kOne, "limit_req zone=one;");
  EXPECT_EQ(Status(), 200);
  EXPECT_EQ(Status(), 503);
  Pass(std::chrono::milliseconds(999));
  EXPECT_EQ(Status(), 503);
  Pass(std::chrono::milliseconds(1));
  EXPECT_EQ(Status(), 200);
  EXPECT_THAT(ErrorLogText(), HasSubstr("[error]"));
  EXPECT_THAT(ErrorLogText(), HasSubstr("limiting requests, excess: 1.000 by zone \"one\", client: 192.0.2.7"));
  EXPECT_THAT(ErrorLogText(), HasSubstr("excess: 0.001 by zone"));
}

TEST_F(LimitReqTest, LetsABurstPassAndNoMore) {
  Limit(kOne, "limit_req zone=one burst=2 nodelay;");
  EXPECT_EQ(Status(), 200);
  EXPECT_EQ(Status(), 200);
  EXPECT_EQ(Status(), 200);
  EXPECT_EQ(Status(), 503);
  EXPECT_THAT(ErrorLogText(), Not(HasSubstr("delaying")));
  EXPECT_EQ(AccessLogText(LogNamed(folder / "l")), "/a PASSED\n/a PASSED\n/a PASSED\n/a REJECTED\n");
}

TEST_F(LimitReqTest, MakesWaitWhatIsAboveTheDelay) {
  Limit("limit_req_zone $binary_remote_addr zone=one:32k rate=10r/s;", "limit_req zone=one burst=5 delay=1;");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Status(), 200);
  const util::TimePoint before = loop.Now();
  EXPECT_EQ(Status(), 200);
  EXPECT_GE(loop.Now() - before, std::chrono::milliseconds(100));  // by the clock that its timers go by
  EXPECT_THAT(ErrorLogText(), HasSubstr("[warn]"));
  EXPECT_THAT(ErrorLogText(), HasSubstr("delaying request, excess: 2.000, by zone \"one\""));
  EXPECT_EQ(AccessLogText(LogNamed(folder / "l")), "/a PASSED\n/a PASSED\n/a DELAYED\n");
}

TEST_F(LimitReqTest, TakesStatusLevelAndDryRun) {
  Limit(kOne, R"(limit_req zone=one; limit_req_status 429; limit_req_log_level notice;
                 location /dry { limit_req_dry_run on; return 204; } location = /d { limit_req_dry_run on; })");
  folder.Write("d", "x");
  EXPECT_EQ(Status(), 200);
  EXPECT_EQ(Status(), 429);
  EXPECT_THAT(ErrorLogText(), HasSubstr("[notice]"));
  EXPECT_EQ(Status("/d"), 200);
  EXPECT_THAT(ErrorLogText(), HasSubstr("limiting requests, dry run, excess: 1.000 by zone \"one\""));
  EXPECT_EQ(Status("/dry"), 204);  // a rewrite comes before limits
  EXPECT_EQ(AccessLogText(LogNamed(folder / "l")), "/a PASSED\n/a REJECTED\n/d REJECTED_DRY_RUN\n/dry -\n");
}

TEST_F(LimitReqTest, SeveralLimitsMustAllAgreeAndCountTogether) {
  Limit(std::string(kOne) + "limit_req_zone $arg_k zone=two:32k rate=1r/s;",
        "limit_req zone=one burst=2 nodelay; limit_req zone=two burst=1 nodelay;");
  EXPECT_EQ(Status("/a?k=x"), 200);
  EXPECT_EQ(Status("/a?k=x"), 200);
  EXPECT_EQ(Status("/a?k=x"), 503);  // by two, and so not counted in one
  EXPECT_THAT(ErrorLogText(), HasSubstr("by zone \"two\""));
  EXPECT_EQ(Status("/a?k=y"), 200);
  EXPECT_EQ(Status("/a?k=z"), 503);
  EXPECT_THAT(ErrorLogText(), HasSubstr("excess: 3.000 by zone \"one\""));
  EXPECT_EQ(Status("/a"), 503);
}

TEST_F(LimitReqTest, EmptyAndTooLongKeysAreNotCounted) {
  Limit("limit_req_zone $arg_k zone=one:32k rate=1r/s;", "limit_req zone=one;");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Status("/a"), 200);
  const std::string longer = "/a?k=" + std::string(65536, 'x');
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Status(longer), 200);
  EXPECT_THAT(ErrorLogText(), HasSubstr("the value of the \"$arg_k\" key is more than 65535 bytes: \"xxx"));
  const std::string long_enough = "/a?k=" + std::string(65535, 'x');
  EXPECT_EQ(Status(long_enough), 200);
  EXPECT_EQ(Status(long_enough), 503);
  EXPECT_THAT(AccessLogText(LogNamed(folder / "l")), testing::StartsWith("/a -\n/a -\n/a -\n"));
}

TEST_F(LimitReqTest, ARequestIsCountedOnceWhereverItIsRedirected) {
  Limit(kOne, "limit_req zone=one; error_page 404 /a;");
  EXPECT_EQ(Status("/none"), 404);
  EXPECT_EQ(Status(), 503);
}

TEST_F(LimitReqTest, InnerLimitsReplaceOuterOnes) {
  Limit(std::string(kOne) + "limit_req_zone $uri zone=two:32k rate=60r/m; limit_req zone=one;",
        "location = /b { limit_req zone=two burst=1 nodelay; }");
  folder.Write("b", "x");
  EXPECT_EQ(Status("/a"), 200);
  EXPECT_EQ(Status("/a"), 503);
  EXPECT_EQ(Status("/b"), 200);
  EXPECT_EQ(Status("/b"), 200);
  EXPECT_EQ(Status("/b"), 503);
}

TEST_F(LimitReqTest, AFullZoneIsTheStatusAndOneWarningAMinute) {
  Limit("limit_req_zone $arg_k zone=one:32k rate=1r/m;", "limit_req zone=one burst=5;");
  int refused = 0;
  for (int i = 0; i < 4000; ++i) refused += Status("/a?k=" + std::to_string(i)) == 503 ? 1 : 0;
  EXPECT_GT(refused, 1000);
  const std::string log = ErrorLogText();
  const std::size_t first = log.find("no room for another key in limit_req_zone \"one\": 1 request was refused");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(log.find("no room", first + 1), std::string::npos);
}

TEST_F(LimitReqTest, TellsMistakes) {
  const auto errors = [&](const std::string& zone, const std::string& limit) {
    return ErrorsOfWhole("http { " + zone + " server { listen 80; " + limit + " } }");
  };
  EXPECT_THAT(errors("limit_req_zone $uri zone=one rate=1r/s;", ""), HasSubstr("invalid zone size \"zone=one\""));
  EXPECT_THAT(errors("limit_req_zone $uri zone=one:1k rate=1r/s;", ""), HasSubstr("zone \"one\" is too small"));
  EXPECT_THAT(errors("limit_req_zone $uri zone=one:1m rate=0r/s;", ""), HasSubstr("invalid rate \"rate=0r/s\""));
  EXPECT_THAT(errors("limit_req_zone $uri size=one:1m rate=1r/s;", ""), HasSubstr("invalid parameter \"size=one:1m\""));
  EXPECT_THAT(errors("limit_req_zone $uri rate=1r/s rate=2r/s;", ""), HasSubstr("must have \"zone\" parameter"));
  EXPECT_THAT(errors(kOne, "limit_req zone=one burst=0;"), HasSubstr("invalid burst value \"burst=0\""));
  EXPECT_THAT(errors(kOne, "limit_req zone=one delay=x;"), HasSubstr("invalid delay value \"delay=x\""));
  EXPECT_THAT(errors(kOne, "limit_req burst=1;"), HasSubstr("\"limit_req\" must have \"zone\" parameter"));
  EXPECT_THAT(errors(kOne, "limit_req zone=one; limit_req zone=one;"),
              HasSubstr("\"limit_req\" directive is duplicate"));
  EXPECT_THAT(errors(kOne, "limit_req zone=two;"),
              HasSubstr("zero size shared memory zone \"two\": no limit_req_zone makes it"));
  EXPECT_THAT(errors(kOne, "limit_req_status 200;"), HasSubstr("it must be a number from 400 to 599"));
  EXPECT_THAT(errors(kOne, "limit_req zone=one burst=200000;"), HasSubstr("a burst is 134216 requests at most"));
}

TEST_F(LimitReqTest, TellsBothPlacesOfAZoneThatIsTwoThings) {
  EXPECT_THAT(ErrorsOfWhole("http {\nlimit_req_zone $uri zone=one:1m rate=1r/s;\n"
                            "limit_req_zone $host zone=one:1m rate=1r/s;\n}"),
              HasSubstr("test.conf:3:1: limit_req_zone \"one\" is already bound to key \"$uri\" at test.conf:2"));
  EXPECT_THAT(ErrorsOfWhole("http {\nlimit_req_zone $uri zone=one:1m rate=1r/s;\nlimit_conn_zone $uri zone=one:1m;\n}"),
              HasSubstr("test.conf:3:1: the shared memory zone \"one\" is already declared for a different use: as one "
                        "of limit_req_zone at test.conf:2"));
  EXPECT_THAT(ErrorsOfWhole("http {\nlimit_req_zone $uri zone=one:1m rate=1r/s;\nlimit_conn one 3;\n}"),
              HasSubstr("already declared for a different use"));
}

}  // namespace
}  // namespace colmeia::modules
