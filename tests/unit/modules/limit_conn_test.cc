#include <string>

#include "modules/site_fixture.h"

namespace colmeia::modules {
namespace {

using testing::HasSubstr;

class LimitConnTest : public SiteTest {
 protected:
  void Limit(const std::string& zones, const std::string& text) {
    Configure("http { log_format f '$uri $limit_conn_status'; " + zones + " server { listen 80; root " + folder.path() +
              "; access_log l f; " + text + "\n} }");
    folder.Write("a", "x");
  }
  int Status(std::string_view target = "/a") { return Get(target).status; }
  // Another worker serves so many requests of a key.
  void Busy(std::size_t ordinal, const std::string& key, int times) {
    const zone::Table& table = services.zones[ordinal].table;
    for (int i = 0; i < times; ++i) static_cast<void>(OtherHolder(ordinal, 5).Take(table.Hash(key), 1000, 1000));
  }
  std::uint64_t Count(std::size_t ordinal, const std::string& key) {
    return OtherHolder(ordinal, 6).Of(services.zones[ordinal].table.Hash(key));
  }
};

constexpr const char* kPer = "limit_conn_zone $arg_k zone=per:32k;";

TEST_F(LimitConnTest, CountsWithOtherWorkersAndGivesBack) {
  Limit(kPer, "limit_conn per 2;");
  Busy(0, "x", 1);
  EXPECT_EQ(Status("/a?k=x"), 200);
  EXPECT_EQ(Count(0, "x"), 2u);
  exchange.Reset();
  EXPECT_EQ(Count(0, "x"), 1u);
  Busy(0, "x", 1);
  EXPECT_EQ(Status("/a?k=x"), 503);
  EXPECT_EQ(Count(0, "x"), 2u);
  EXPECT_EQ(Status("/a?k=y"), 200);
  EXPECT_THAT(ErrorLogText(), HasSubstr("limiting connections by zone \"per\", client: 192.0.2.7"));
  EXPECT_EQ(AccessLogText(LogNamed(folder / "l")), "/a PASSED\n/a REJECTED\n/a PASSED\n");
}

TEST_F(LimitConnTest, ARefusalOfOneLimitGivesTheOthersBack) {
  Limit(std::string(kPer) + "limit_conn_zone $server_name zone=all:32k;", "limit_conn per 2; limit_conn all 1;");
  Configure("http { " + std::string(kPer) + " limit_conn_zone $uri zone=all:32k; server { listen 80; root " +
            folder.path() + "; access_log off; limit_conn per 2; limit_conn all 1; } }");
  Busy(1, "/a", 1);
  EXPECT_EQ(Status("/a?k=x"), 503);
  EXPECT_EQ(Count(0, "x"), 0u);
  EXPECT_THAT(ErrorLogText(), HasSubstr("limiting connections by zone \"all\""));
}

TEST_F(LimitConnTest, TakesStatusLevelAndDryRun) {
  Limit(kPer,
        "limit_conn per 1; limit_conn_status 429; limit_conn_log_level info; location = /d { limit_conn_dry_run on; }");
  folder.Write("d", "x");
  Busy(0, "x", 1);
  EXPECT_EQ(Status("/a?k=x"), 429);
  EXPECT_THAT(ErrorLogText(), HasSubstr("[info]"));
  EXPECT_EQ(Status("/d?k=x"), 200);
  EXPECT_THAT(ErrorLogText(), HasSubstr("limiting connections, dry run, by zone \"per\""));
  EXPECT_EQ(AccessLogText(LogNamed(folder / "l")), "/a REJECTED\n/d REJECTED_DRY_RUN\n");
}

TEST_F(LimitConnTest, EmptyAndTooLongKeysAreNotCounted) {
  Limit(kPer, "limit_conn per 1;");
  Busy(0, std::string(256, 'x'), 1);
  EXPECT_EQ(Status("/a"), 200);
  EXPECT_EQ(Status("/a?k=" + std::string(256, 'x')), 200);
  EXPECT_THAT(ErrorLogText(), HasSubstr("the value of the \"$arg_k\" key is more than 255 bytes"));
  EXPECT_EQ(AccessLogText(LogNamed(folder / "l")), "/a -\n/a -\n");
}

TEST_F(LimitConnTest, ARequestIsCountedOnceWhereverItIsRedirected) {
  Limit(kPer, "limit_conn per 1; error_page 404 /a;");
  EXPECT_EQ(Status("/none?k=x"), 404);
  EXPECT_EQ(Count(0, "x"), 1u);
}

TEST_F(LimitConnTest, TellsMistakes) {
  const auto errors = [&](const std::string& zone, const std::string& limit) {
    return ErrorsOfWhole("http { " + zone + " server { listen 80; " + limit + " } }");
  };
  EXPECT_THAT(errors("limit_conn_zone $uri per:1m;", ""), HasSubstr("invalid parameter \"per:1m\""));
  EXPECT_THAT(errors(kPer, "limit_conn per 0;"), HasSubstr("invalid number of connections \"0\""));
  EXPECT_THAT(errors(kPer, "limit_conn per 65536;"), HasSubstr("connection limit must be less 65536"));
  EXPECT_THAT(errors(kPer, "limit_conn other 1;"), HasSubstr("zero size shared memory zone \"other\""));
  EXPECT_THAT(errors(kPer, "limit_conn per 1; limit_conn per 2;"), HasSubstr("\"limit_conn\" directive is duplicate"));
}

}  // namespace
}  // namespace colmeia::modules
