#include "pipeline/path.h"

#include <gmock/gmock.h>

#include "pipeline/site_fixture.h"

namespace colmeia::pipeline {
namespace {

using testing::HasSubstr;
using testing::Not;
using PathTest = SiteTest;

TEST_F(PathTest, JoinsRootOrAliasAndThePath) {
  LoadServer(
      "location /r { root /www; say $request_filename; } location /a/ { alias /data/; say $request_filename; } "
      "location ~ ^/m/(.*)$ { alias /media/$1; say $request_filename; }");
  EXPECT_EQ(Get("/r/x"), "/www/r/x");
  EXPECT_EQ(Get("/a/x"), "/data/x");
  EXPECT_EQ(Get("/m/x/y"), "/media/x/y");
}

TEST_F(PathTest, RefusesWhatAnAliasLeavesOfAPathThatClimbs) {
  LoadServer(
      "location /i { alias /pub/; say [$request_filename]; } location /d { alias /pub/.; say [$request_filename]; } "
      "location ~ ^/m(.*)$ { alias /pub/$1; say [$request_filename]; } "
      "location ~ ^/n(.)(.*)$ { alias /pub/$1$2/x; say [$request_filename]; }");
  EXPECT_EQ(Get("/ia"), "[/pub/a]");
  EXPECT_EQ(Get("/i../secret"), "[]");
  EXPECT_EQ(Get("/i.."), "[]");
  EXPECT_EQ(Get("/i..a/..."), "[/pub/..a/...]");
  EXPECT_EQ(Get("/d./secret"), "[]");
  EXPECT_EQ(Get("/m../secret"), "[]");
  EXPECT_EQ(Get("/m/a/b"), "[/pub//a/b]");
  EXPECT_EQ(Get("/n.."), "[]");
}

TEST_F(PathTest, RefusesAMadePathThatClimbs) {
  LoadServer("root /www; location /a { go /x/../../secret; } location /b { go /x/..y/z; } say [$request_filename];");
  EXPECT_EQ(Get("/a"), "[]");
  EXPECT_EQ(Get("/b"), "[/www/x/..y/z]");
}

TEST_F(PathTest, RefusesAMadePathThatIsASiblingOfTheRoot) {
  LoadServer("root /www; location /a { go -old/secret; } say [$request_filename];");
  EXPECT_EQ(Get("/a"), "[]");
}

TEST_F(PathTest, RefusesVariablesThatClimbAndTakesWhatTheOperatorWrote) {
  LoadServer(
      "location /h { root /www/$arg_site; say [$request_filename]; } "
      "location /w { root /www/../sites/$arg_site/../shared; say [$request_filename]; } "
      "location /r { root $arg_site; say [$request_filename]; }");
  EXPECT_EQ(Get("/h", "site=a"), "[/www/a/h]");
  EXPECT_EQ(Get("/h", "site=.."), "[]");
  EXPECT_EQ(Get("/h", "site=a/../.."), "[]");
  EXPECT_EQ(Get("/w", "site=a"), "[/www/../sites/a/../shared/w]");
  EXPECT_EQ(Get("/w", "site=a/.."), "[]");
  EXPECT_EQ(Get("/r", "site=sub"), "[/srv/sub/r]");
  EXPECT_EQ(Get("/r", "site=../etc"), "[]");
}

TEST_F(PathTest, WarnsOfALocationAndAnAliasOfWhichOneEndsWithASlash) {
  LoadServer("location /i { alias /pub/; }");
  EXPECT_THAT(mistakes, HasSubstr("the alias ends with a slash and location \"/i\" does not"));
  LoadServer("location ^~ /i/ { alias /pub; }");
  EXPECT_THAT(mistakes, HasSubstr("location \"/i/\" ends with a slash and its alias does not"));
  LoadServer(
      "location /i/ { alias /pub/; } location /j { alias /pub; } location = /k { alias /pub/; } "
      "location ~ ^/l { alias /pub/; } location /m/ { alias /pub/$host; }");
  EXPECT_EQ(mistakes, "");
}

}  // namespace
}  // namespace colmeia::pipeline
