#include <gmock/gmock.h>

#include "pipeline/site_fixture.h"

namespace colmeia::site {
namespace {

using LocationTableTest = pipeline::SiteTest;

TEST_F(LocationTableTest, PrefersExactOverPrefix) {
  LoadServer("location = /a { say exact; } location /a { say prefix; }");

  EXPECT_EQ(Get("/a"), "exact");
  EXPECT_EQ(Get("/a/"), "prefix");
}

TEST_F(LocationTableTest, PrefersTheLongestPrefix) {
  LoadServer("location / { say 1; } location /abc { say 3; } location /ab { say 2; } location /abd/e { say 4; }");

  EXPECT_EQ(Get("/abcd"), "3");
  EXPECT_EQ(Get("/abd"), "2");
  EXPECT_EQ(Get("/abd/ef"), "4");
  EXPECT_EQ(Get("/b"), "1");
}

TEST_F(LocationTableTest, PrefersARegexOverAPrefixUnlessThatIsFinal) {
  LoadServer("location /a { say a; } location ^~ /b { say b; } location ~ \\.gif$ { say gif; }");

  EXPECT_EQ(Get("/a/x.gif"), "gif");
  EXPECT_EQ(Get("/b/x.gif"), "b");
}

TEST_F(LocationTableTest, TakesTheFirstRegexThatMatches) {
  LoadServer("location ~ ^/one { say 1; } location ~ o { say 2; }");

  EXPECT_EQ(Get("/one"), "1");
  EXPECT_EQ(Get("/two"), "2");
}

TEST_F(LocationTableTest, IgnoresCaseWhenAsked) {
  LoadServer("location / { say no; } location ~* \\.GIF$ { say yes; } location ~ \\.PNG$ { say never; }");

  EXPECT_EQ(Get("/x.gif"), "yes");
  EXPECT_EQ(Get("/x.png"), "no");
}

TEST_F(LocationTableTest, LooksIntoNestedLocations) {
  LoadServer("location /a { say a; location /a/b { say ab; } location ~ x$ { say ax; } } location ~ y$ { say y; }");

  EXPECT_EQ(Get("/a/b"), "ab");
  EXPECT_EQ(Get("/a/x"), "ax");
  EXPECT_EQ(Get("/a/b/y"), "y");
}

TEST_F(LocationTableTest, GivesRegexGroupsToVariables) {
  LoadServer("location ~ ^/u/(?<user>[a-z]+)/(\\d+)$ { say $user-$2-$1; }");

  EXPECT_EQ(Get("/u/ana/17"), "ana-17-ana");
}

// What cannot be matched is not what does not match: else what follows would serve what was to be denied.
TEST_F(LocationTableTest, ARegexThatFailsIsAnError) {
  LoadServer(
      "location / { say open; location ~ ^/in/(\\w+)+\\.key$ { say never; } } location ~ ^/(\\w+)+\\.pem$ { say key; "
      "} location ~ . { say open; }");
  const std::string long_name(40, 'a');

  EXPECT_EQ(Get("/a.pem"), "key");
  EXPECT_NE(Get("/" + long_name + ".pem!"), "open");
  EXPECT_EQ(exchange.response.status, http::Status::kInternalServerError);
  EXPECT_NE(Get("/in/" + long_name + ".key!"), "open");
  EXPECT_EQ(exchange.response.status, http::Status::kInternalServerError);
  EXPECT_EQ(Get("/a"), "open");
}

}  // namespace
}  // namespace colmeia::site
