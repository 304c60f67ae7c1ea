// What `rewrite`, `set`, `if` and `break` do; tests/integration/test_as_nginx.py compares hundreds of answers with
// nginx's.
#include "modules/rewrite.h"

#include "modules/site_fixture.h"

namespace colmeia::modules {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class RewriteTest : public SiteTest {
 protected:
  // What is said about a server, each message in one line without the mark below it.
  [[nodiscard]] std::string Said(const std::string& text) { return ErrorsOf(text); }
};

TEST_F(RewriteTest, FlagsSayWhereItGoesOn) {
  folder.Write("end", "a file");
  Serve(
      "location /last { rewrite ^/last/(.*)$ /end/$1 last; return 500; }"
      "location /break { rewrite ^ /end break; return 500; }"
      "location /on { rewrite ^/on /next; rewrite ^/next /end/on; }"
      "location /end { return 200 \"end $uri\"; }");

  EXPECT_EQ(Get("/last/a").body, "end /end/a");
  EXPECT_EQ(Get("/break").body, "a file");
  EXPECT_EQ(Get("/on").body, "end /end/on");
}

TEST_F(RewriteTest, ArgumentsAreAppendedUnlessTheReplacementEndsWithAQuestionMark) {
  Serve(
      "location /a { rewrite ^ /end?x=1; } location /b { rewrite ^ /end?x=1?; } location /c { rewrite ^ /end; }"
      "location /end { return 200 $args; }");

  EXPECT_EQ(Get("/a?y=2").body, "x=1&y=2");
  EXPECT_EQ(Get("/a").body, "x=1");
  EXPECT_EQ(Get("/b?y=2").body, "x=1");
  EXPECT_EQ(Get("/c?y=2").body, "y=2");
}

TEST_F(RewriteTest, TheLastIfThatHoldsServesTheRequest) {
  Serve(
      "location / { add_header X-All 1; if ($arg_a) { add_header X-A 1; } if ($arg_b) { add_header X-B 1; }"
      "  rewrite ^ /file break; }");
  folder.Write("file", "content");

  const Answer none = Get("/");
  EXPECT_EQ(none["X-All"], "1");
  const Answer both = Get("/?a=1&b=1");
  EXPECT_EQ(both.body, "content");
  EXPECT_EQ(both["X-All"], "(none)");
  EXPECT_EQ(both["X-A"], "(none)");
  EXPECT_EQ(both["X-B"], "1");
}

TEST_F(RewriteTest, VariablesOutliveRedirections) {
  Serve(
      "set $trail start; location /a { set $trail \"$trail-a\"; error_page 404 /b; return 404; }"
      "location /b { set $other \"$trail-b\"; return 200 $other; }");

  // The server's own program runs again for the page of an error, as in nginx.
  EXPECT_EQ(Get("/a").body, "start-b");
}

TEST_F(RewriteTest, AVariableThatIsNotSetIsReportedAndEmpty) {
  Serve(
      "location /a { return 200 \"[$v]$v\"; } location /b { uninitialized_variable_warn off; return 200 \"[$v]\"; }"
      "location /c { set $v 1; }");

  EXPECT_EQ(Get("/b").body, "[]");
  EXPECT_THAT(ErrorLogText(), IsEmpty());
  EXPECT_EQ(Get("/a").body, "[]");
  EXPECT_THAT(ErrorLogText(), HasSubstr("using uninitialized \"v\" variable, client"));
}

TEST_F(RewriteTest, OneRequestsVariablesAreNotTheNextOnes) {
  Serve("location /set { set $v 1; return 200 $v; } location /get { return 200 \"[$v]\"; }");

  EXPECT_EQ(Get("/set").body, "1");
  EXPECT_EQ(Get("/get").body, "[]");
}

TEST_F(RewriteTest, EndsACycle) {
  Serve(
      "location /a { rewrite ^ /b last; } location /b { rewrite ^ /a last; } error_page 500 /page;"
      "location /page { return 200 page; }");

  EXPECT_EQ(Get("/a").status, 500);
  EXPECT_THAT(ErrorLogText(), HasSubstr("rewrite or internal redirection cycle while processing \"/b\", client"));
}

TEST_F(RewriteTest, OpensInternalLocations) {
  Serve("location /in { internal; return 200 in; } location /out { rewrite ^ /in last; }");

  EXPECT_EQ(Get("/in").status, 404);
  EXPECT_EQ(Get("/out").body, "in");
}

TEST_F(RewriteTest, AnExpressionThatCannotBeMatchedIsAnAlertAndNoAnswer) {
  Serve(
      "location /a { rewrite ^/((\\w+)+)\\.pem$ /x last; return 200 a; }"
      "location /b { if ($uri !~ ^/((\\w+)+)\\.pem$) { return 200 open; } return 200 b; }");
  const std::string path(60, 'a');

  EXPECT_EQ(Get("/a" + path + ".pem!").status, 500);
  EXPECT_EQ(Get("/b" + path + ".pem!").status, 500);
  EXPECT_THAT(ErrorLogText(), HasSubstr("[alert]"));
  EXPECT_THAT(ErrorLogText(), HasSubstr("pcre2_match() failed: -47 on \"/a"));
}

TEST_F(RewriteTest, APathThatIsMadeDoesNotLeaveTheRoot) {
  folder.Write("secret", "secret");
  Serve("location / { root " + folder.path() + "/html; rewrite ^/(.*)$ /$arg_to break; }");

  EXPECT_EQ(Get("/x?to=../secret").status, 404);
}

TEST_F(RewriteTest, SetChangesTheArguments) {
  Serve("location / { set $args \"a=1&$args\"; return 200 \"$args|$arg_a|$query_string|$is_args\"; }");

  EXPECT_EQ(Get("/?b=2").body, "a=1&b=2|1|a=1&b=2|?");
}

TEST_F(RewriteTest, AFieldsVariableCanBeSet) {
  Serve("location /set { set $http_x own; return 200 $http_x; } location /get { return 200 $http_x; }");

  EXPECT_EQ(Get("/set", {{"X", "theirs"}}).body, "own");
  EXPECT_EQ(Get("/get", {{"X", "theirs"}}).body, "theirs");
}

struct Wrong {
  const char* text;
  const char* message;
};
class RewriteMistakeTest : public RewriteTest, public testing::WithParamInterface<Wrong> {};

// A server's text begins at column 28.
TEST_P(RewriteMistakeTest, IsToldWithPlaceAndAdvice) {
  EXPECT_THAT(Said(GetParam().text), HasSubstr(GetParam().message)) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    All, RewriteMistakeTest,
    testing::Values(
        Wrong{"rewrite a b c;",
              "test.conf:1:40: invalid value \"c\" in \"rewrite\" directive, expected last, break, redirect or "
              "permanent\n"},
        Wrong{"rewrite a \"\";", "test.conf:1:38: empty replacement\n"},
        Wrong{"rewrite a( b;", "test.conf:1:36: the regular expression \"a(\" is wrong at character 3"},
        Wrong{"rewrite a;",
              "invalid number of arguments in \"rewrite\" directive; it is written: rewrite regex "
              "replacement [last | break | redirect | permanent];\n"},
        Wrong{"set x y;", "test.conf:1:32: invalid variable name \"x\", expected $name\n"},
        Wrong{"set $ y;", "invalid variable name \"$\", expected $name\n"},
        Wrong{"set $uri y;", "test.conf:1:32: the duplicate \"uri\" variable: it is built in and cannot be changed\n"},
        Wrong{"set $a $nme; set $name b;", "test.conf:1:35: unknown \"nme\" variable; did you mean \"$name\"?\n"},
        Wrong{"set $a-b 1;", "no text can name the variable \"$a-b\": a name has letters, digits and _ only\n"},
        Wrong{"break now;", "invalid number of arguments in \"break\" directive; it is written: break;\n"},
        Wrong{"if (a) { }", "test.conf:1:32: invalid condition \"a\", expected ($name), ($name = text)"},
        Wrong{"if a { }", "test.conf:1:31: invalid condition \"a\""},
        Wrong{"if ($uri { }", "test.conf:1:31: invalid condition \"($uri\""},
        Wrong{"if () { }", "invalid condition \"\""},
        Wrong{"if ($uri == a) { }",
              "test.conf:1:37: unexpected \"==\" in condition, expected =, !=, ~, ~*, !~ or !~*\n"},
        Wrong{"if ($uri = a b) { }", "test.conf:1:41: invalid condition \"b\""},
        Wrong{"if ($uri a) { }", "invalid condition \"a\""},
        Wrong{"if ($uri$args) { }",
              "test.conf:1:32: unknown \"uri$args\" variable: a condition begins with one variable, as $name; \"set\" "
              "joins several\n"},
        Wrong{"if ($1) { }", "test.conf:1:32: unknown \"1\" variable\n"},
        Wrong{"if ($nothing) { }", "test.conf:1:32: unknown \"nothing\" variable\n"},
        Wrong{"if (-f) { }", "invalid condition \"-f\""}, Wrong{"if (-q a) { }", "invalid condition \"-q\""},
        Wrong{"if ($uri ~ \"a(\") { }", "test.conf:1:39: the regular expression \"a(\" is wrong"},
        Wrong{"if ($uri) { root /a; }",
              "\"root\" directive is not allowed here, in if in server; it belongs in http, server, location or if in "
              "location\n"},
        Wrong{"location / { if ($uri) { try_files a b; } }",
              "\"try_files\" directive is not allowed here, in if in location; it belongs in server or location\n"},
        Wrong{"location / { if ($uri) { if ($args) { } } }",
              "\"if\" directive is not allowed here, in if in location; it belongs in server or location\n"},
        Wrong{"location / { if ($uri) { add_header a $nothing; } }", "unknown \"nothing\" variable\n"},
        Wrong{"location / { return 200 $0; }", "unknown \"0\" variable\n"},
        Wrong{"location / { return 200 ${1}; }", "unknown \"1\" variable\n"},
        Wrong{"location ~ (?<host>a) { }", "the duplicate \"host\" variable"},
        Wrong{"if ($uri ~ (?<host>a)) { }", "the duplicate \"host\" variable"},
        Wrong{"location / { try_files a b; if ($arg_a) { set $x 1; } }",
              "where this \"if\" holds, \"try_files\" of the location does not: it is not inherited\n"},
        Wrong{"location / { add_header a b; if ($arg_a) { add_header c d; } }",
              "where this \"if\" holds, its \"add_header\" replace all those of the location\n"},
        Wrong{"location / { if ($arg_a) { root /a; }\nif ($arg_b) { expires 1h; } }",
              "test.conf:2:1: warning: where this \"if\" and the one of line 1 hold, only the settings of the last one "
              "count\n"}));

TEST_F(RewriteTest, WhatIsHarmlessIsNotWarnedOf) {
  EXPECT_EQ(Said("location / { try_files a b; if ($arg_a) { return 403; } if ($arg_b) { rewrite ^ /b last; } }"
                 "location /a { add_header a b; if ($arg_a) { set $x 1; } if ($arg_b) { expires 1h; } }"
                 "if ($arg_c) { set $x 2; } location /${x} { }"),
            "");
}

}  // namespace
}  // namespace colmeia::modules
