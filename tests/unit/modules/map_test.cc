// tests/integration/test_as_nginx.py compares more answers with nginx's.
#include "modules/map.h"

#include "modules/map_table.h"
#include "modules/site_fixture.h"

namespace colmeia::modules {
namespace {

using testing::HasSubstr;

class MapTest : public SiteTest {
 protected:
  // A site with `maps` in its http block, that answers with `text`.
  void Say(const std::string& maps, const std::string& text, const std::string& server = {}) {
    Configure("http { access_log off; " + maps + " server { listen 80; " + server + " location / { return 200 \"" +
              text + "\"; } } }");
  }
};

TEST_F(MapTest, ATextInWhateverCaseThenExpressionsInTheirOrderThenDefault) {
  Say("map $arg_k $v { default none; a 1; ~^b(?<rest>.*)$ \"2-$rest-$1\"; ~*^B 3; \\~x 4; \"\" empty; }", "$v");

  EXPECT_EQ(Get("/?k=a").body, "1");
  EXPECT_EQ(Get("/?k=A").body, "1");
  EXPECT_EQ(Get("/?k=bcd").body, "2-cd-cd");
  EXPECT_EQ(Get("/?k=Bcd").body, "3");
  EXPECT_EQ(Get("/?k=~x").body, "4");
  EXPECT_EQ(Get("/?k=").body, "empty");
  EXPECT_EQ(Get("/?k=z").body, "none");
}

TEST_F(MapTest, IsLookedUpOnceUnlessItIsVolatile) {
  Say("map $uri $once { /a a; default b; } map $uri $each { volatile; /a a; default b; }", "$once$each",
      "location /a { set $seen \"$once$each\"; rewrite ^ /b last; }");

  EXPECT_EQ(Get("/a").body, "ab");
  EXPECT_EQ(Get("/b").body, "bb");
}

TEST_F(MapTest, GoesRoundInNoCircle) {
  Say("map $a $b { default \"b$a\"; } map $b $a { default \"a$b\"; }", "$a");

  EXPECT_EQ(Get("/").body, "ab");
  EXPECT_THAT(ErrorLogText(), HasSubstr("cycle while evaluating variable \"a\""));
}

// A condition must not be taken for false because its expression was given up.
TEST_F(MapTest, AnExpressionThatCannotBeMatchedRefusesTheRequest) {
  Say("map $uri $bad { ~^/((\\w+)+)\\.pem$ 1; default 0; } map $uri $worse { volatile; ~^/((\\w+)+)\\.pem$ 1; }",
      "open",
      "if ($bad) { return 403; } add_header X-Bad $worse; error_page 500 /page; location /page { return 200 page; }");

  EXPECT_EQ(Get("/" + std::string(60, 'a') + ".pem!").status, 500);
  EXPECT_THAT(ErrorLogText(), HasSubstr("pcre2_match() failed: -47"));
  EXPECT_EQ(Get("/a").body, "open");
}

TEST_F(MapTest, HasEveryValueOfALongTable) {
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += "key" + std::to_string(i) + " value" + std::to_string(i) + ";";
  Say("map $arg_k $v { " + lines + " }", "$v");

  EXPECT_EQ(Get("/?k=key0").body, "value0");
  EXPECT_EQ(Get("/?k=KEY999").body, "value999");
  EXPECT_EQ(Get("/?k=key1000").body, "");
}

TEST_F(MapTest, MistakesAreToldWithPlaceAndAdvice) {
  const std::pair<const char*, const char*> cases[] = {
      {"map $uri $v { a; }", "test.conf:1:22: invalid number of the map parameters: a line is string value; or"},
      {"map $uri $v { default a; default b; }", "test.conf:1:33: duplicate default map parameter\n"},
      {"map $uri $v { a 1; A 2; }", "test.conf:1:27: conflicting parameter \"A\": there is a line for it\n"},
      {"map $uri $v { hostnames; a.*.b 1; }",
       "test.conf:1:33: invalid hostname or wildcard \"a.*.b\", expected a name, *.name, .name or name.*\n"},
      {"map $uri $v { hostnames; .a 1; *.a 2; }", "conflicting parameter \"*.a\""},
      {"map $uri $v { ~a( 1; }", "the regular expression \"a(\" is wrong"},
      {"map $uri $v { a $nme; }", "test.conf:1:24: unknown \"nme\" variable"},
      {"map $nothing $v { }", "test.conf:1:12: unknown \"nothing\" variable"},
      {"map $uri v { }", "invalid variable name \"v\", expected $name\n"},
      {"map $uri $host { }", "the duplicate \"host\" variable: it is built in and cannot be changed\n"},
      {"map $uri $args { }", "the duplicate \"args\" variable: it is built in, and only \"set\" can change it\n"},
      {"map $uri $v { a { } }", "a line of \"map\" has no block"},
      {"map_hash_max_size 0;", "invalid value \"0\" in \"map_hash_max_size\""},
      {"server { map $uri $v { } }", "\"map\" directive is not allowed here, in server; it belongs in http\n"},
  };
  for (const auto& [text, message] : cases) {
    EXPECT_THAT(ErrorsOfWhole("http { " + std::string(text) + "\n}"), HasSubstr(message)) << text;
  }
}

TEST(MapTableTest, TheLongestWildcardWins) {
  MapTable table;
  ASSERT_EQ(table.AddHostname("*.example.org", 1), MapTable::Added::kYes);
  ASSERT_EQ(table.AddHostname("*.a.example.org", 2), MapTable::Added::kYes);
  ASSERT_EQ(table.AddHostname(".example.com", 3), MapTable::Added::kYes);
  ASSERT_EQ(table.AddHostname("www.*", 4), MapTable::Added::kYes);
  ASSERT_EQ(table.AddHostname("www.example.*", 5), MapTable::Added::kYes);
  ASSERT_EQ(table.AddHostname("exact.example.org", 6), MapTable::Added::kYes);
  site::Values values;
  site::MatchFailure failure;
  const auto find = [&](std::string_view host) { return table.Find(host, values, failure); };

  EXPECT_EQ(find("b.example.org"), 1U);
  EXPECT_EQ(find("b.A.example.org"), 2U);
  EXPECT_EQ(find("example.org"), std::nullopt);
  EXPECT_EQ(find("example.com"), 3U);
  EXPECT_EQ(find("x.example.com"), 3U);
  EXPECT_EQ(find("www.net"), 4U);
  EXPECT_EQ(find("www.example.net"), 5U);
  EXPECT_EQ(find("exact.example.org"), 6U);
  EXPECT_EQ(find(""), std::nullopt);
}

}  // namespace
}  // namespace colmeia::modules
