#include "modules/hive.h"

#include <utility>

#include "modules/hive_assets.h"
#include "modules/site_fixture.h"
#include "scoreboard/board.h"

namespace colmeia::modules {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class HiveTest : public SiteTest {
 protected:
  HiveTest() {
    services.board = &board;
    peer = *sys::Address::FromIp("127.0.0.1", 1);
    host = "localhost";
  }
  ~HiveTest() override { exchange.Reset(); }  // a stream of events has a timer of the loop
  scoreboard::Board board = std::move(*scoreboard::Board::Create());
};

TEST_F(HiveTest, ServesItsPageAndAllThatBelongsToIt) {
  Serve("location /hive/ { hive; }");

  ASSERT_FALSE(HiveAssets().empty());
  for (const HiveAsset& asset : HiveAssets()) {
    const Answer answer = Get("/hive/" + std::string(asset.name));
    EXPECT_EQ(answer.status, 200) << asset.name;
    EXPECT_EQ(answer.body, asset.bytes);
    EXPECT_EQ(answer["ETag"], asset.etag);
    EXPECT_EQ(answer["Content-Security-Policy"], "default-src 'self'");
    EXPECT_EQ(answer["X-Content-Type-Options"], "nosniff");
    EXPECT_EQ(answer["Cache-Control"], "no-cache");
    EXPECT_NE(answer["Content-Type"], "(none)") << asset.name;
  }
  const Answer page = Get("/hive/");
  EXPECT_EQ(page["Content-Type"], "text/html; charset=utf-8");
  EXPECT_EQ(page.body, Get("/hive/index.html").body);
}

TEST_F(HiveTest, AnAssetThatTheClientHasIsNotSentAgain) {
  Serve("location /hive/ { hive; }");
  const std::string etag = Get("/hive/")["ETag"];

  EXPECT_EQ(Get("/hive/", {{"If-None-Match", etag}}).status, 304);
  EXPECT_EQ(Get("/hive/", {{"If-None-Match", "\"other\""}}).status, 200);
}

TEST_F(HiveTest, ServesEachViewBelowThePage) {
  Serve("location /hive/ { hive; }");

  EXPECT_THAT(Get("/hive/json").body, StartsWith(R"({"server":{"version":)"));
  EXPECT_EQ(Get("/hive/json")["Content-Type"], "application/json");
  EXPECT_THAT(Get("/hive/prometheus").body, StartsWith("# HELP colmeia_build_info "));
  EXPECT_EQ(Get("/hive/prometheus")["Content-Type"], "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(Get("/hive/events")["Content-Type"], "text/event-stream");
  EXPECT_NE(exchange.response.body.source(), nullptr);
  for (const std::string_view view : {"json", "prometheus", "events"}) {
    EXPECT_EQ(Get("/hive/" + std::string(view))["Cache-Control"], "no-store");
  }
  EXPECT_EQ(Get("/hive/nothing").status, 404);
  EXPECT_EQ(Get("/hive/json/").status, 404);
}

TEST_F(HiveTest, AnswersOnlyThisMachineWhereNothingIsAllowed) {
  Serve("location /hive/ { hive; } location /m { hive prometheus; } location /d/ { hive; deny 10.0.0.1; }");

  for (const std::string_view other : {"192.0.2.7", "2001:db8::1", "126.255.255.255", "128.0.0.1", "::ffff:10.0.0.2"}) {
    peer = *sys::Address::FromIp(other, 1);
    for (const std::string_view target : {"/hive/", "/hive/json", "/hive/events", "/hive/style.css", "/m", "/d/json"}) {
      EXPECT_EQ(Get(target).status, 403) << other << target;
    }
  }
  EXPECT_THAT(ErrorLogText(), HasSubstr("\"hive\" answers clients of this machine only"));
  for (const std::string_view own : {"127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"}) {
    peer = *sys::Address::FromIp(own, 1);
    EXPECT_EQ(Get("/hive/json").status, 200) << own;
  }
  peer = *sys::Address::FromUnixPath("/run/x");
  EXPECT_EQ(Get("/hive/json").status, 200);
}

TEST_F(HiveTest, WhereThereIsAnAllowTheRulesDecide) {
  Serve(
      "location /all/ { hive; allow all; } location /net/ { hive; allow 192.0.2.0/24; deny all; } "
      "location /own/ { hive; allow 127.0.0.1; deny all; }");
  host = "any.example";
  peer = *sys::Address::FromIp("192.0.2.7", 1);
  EXPECT_EQ(Get("/all/json").status, 200);
  EXPECT_EQ(Get("/net/json").status, 200);
  EXPECT_EQ(Get("/own/json").status, 403);

  peer = *sys::Address::FromIp("127.0.0.1", 1);
  EXPECT_EQ(Get("/own/json").status, 200);
}

TEST_F(HiveTest, AnswersNoForeignHost) {
  Configure("http { server { server_name status.example *.hive.example ~^anything; location /hive/ { hive; } } }");
  const auto status_for = [&](std::string_view name) {
    host = name;
    return Get("/hive/json").status;
  };

  for (const std::string_view name : {"", "localhost", "localhost.", "my.localhost", "127.0.0.1", "127.9.9.9", "[::1]",
                                      "[::ffff:127.0.0.1]", "status.example", "a.hive.example"}) {
    EXPECT_EQ(status_for(name), 200) << name;
  }
  for (const std::string_view name :
       {"evil.example", "localhost.evil.example", "notlocalhost", "127.0.0.1.evil.example", "10.0.0.1", "0.0.0.0",
        "[::2]", "anything", "hive.example", "status.example.evil"}) {
    EXPECT_EQ(status_for(name), 403) << name;
  }
  EXPECT_THAT(ErrorLogText(), HasSubstr("does not answer to the host \"evil.example\""));
}

TEST_F(HiveTest, ServesOneViewAtAnyUri) {
  Serve("location = /metrics { hive prometheus; } location /state { hive json; } location ~ ^/e { hive events; }");

  EXPECT_THAT(Get("/metrics").body, StartsWith("# HELP"));
  EXPECT_THAT(Get("/state/what/ever").body, StartsWith("{"));
  EXPECT_EQ(Get("/every")["Content-Type"], "text/event-stream");
}

TEST_F(HiveTest, OnlyReads) {
  Serve("location /hive/ { hive; }");

  EXPECT_EQ(Ask("POST", "/hive/json").status, 405);
  EXPECT_EQ(Ask("POST", "/hive/json")["Allow"], "GET, HEAD");
  EXPECT_EQ(Ask("HEAD", "/hive/json").status, 200);
}

TEST_F(HiveTest, SendsWhoForgetsTheSlashToThePage) {
  Serve("location /hive/ { hive; }");

  const Answer answer = Get("/hive?a=b");

  EXPECT_EQ(answer.status, 301);
  EXPECT_EQ(answer["Location"], "http://localhost/hive/?a=b");
  EXPECT_EQ(Get("/hiv").status, 404);
}

TEST_F(HiveTest, ALocationWithoutTheSlashComesFirst) {
  Serve("location /hive/ { hive; } location /hive { return 204; } ");
  EXPECT_EQ(Get("/hive").status, 204);
  Serve("location = /hive { return 205; } location /hive/ { hive; }");
  EXPECT_EQ(Get("/hive").status, 205);
  Serve("location /a { location /a/hive/ { hive; } return 204; }");
  EXPECT_EQ(Get("/a/hive").status, 301);
}

TEST_F(HiveTest, OneViewAloneRedirectsNobody) {
  Serve("location /state/ { hive json; }");
  EXPECT_EQ(Get("/state").status, 404);
}

TEST_F(HiveTest, IsOffUnlessConfiguredAndIsNotInherited) {
  Serve("location /hive/ { hive; location /hive/inner/ { } }");
  EXPECT_EQ(Get("/json").status, 404);
  EXPECT_EQ(Get("/hive/inner/json").status, 404);
}

TEST_F(HiveTest, TheWholeNeedsRoomBelowItsLocation) {
  EXPECT_THAT(ErrorsOf("location = /hive { hive; }"), HasSubstr("has to be a prefix that ends in a slash"));
  EXPECT_THAT(ErrorsOf("location /hive { hive; }"), HasSubstr("has to be a prefix that ends in a slash"));
  EXPECT_THAT(ErrorsOf("location ~ /hive/ { hive; }"), HasSubstr("has to be a prefix that ends in a slash"));
  EXPECT_EQ(ErrorsOf("location ^~ /hive/ { hive; }"), "");
}

TEST_F(HiveTest, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(ErrorsOf("location /hive/ { hive xml; }"),
              AllOf(HasSubstr("\"xml\""), HasSubstr("expected json, prometheus or events")));
  EXPECT_THAT(ErrorsOf("location /hive/ { hive; hive; }"), HasSubstr("duplicate"));
  EXPECT_THAT(ErrorsOf("hive;"), HasSubstr("not allowed here"));
}

TEST_F(HiveTest, ContinuesBehindTheRecordThatTheReaderNames) {
  Serve("location /hive/ { hive; }");

  EXPECT_EQ(Get("/hive/events", {{"Last-Event-ID", "118"}}).status, 200);
  EXPECT_EQ(Get("/hive/events?after=118").status, 200);
  EXPECT_EQ(Get("/hive/events?after=never").status, 200);
}

}  // namespace
}  // namespace colmeia::modules
