#include "pipeline/variables.h"
#include "pipeline/evaluate.h"

#include <gmock/gmock.h>

#include "pipeline/site_fixture.h"

namespace colmeia::pipeline {
namespace {

struct Case {
  const char* text;
  const char* value;
};

class VariablesTest : public SiteTest, public testing::WithParamInterface<Case> {};

TEST_P(VariablesTest, HasItsValue) {
  LoadServer(std::string("location / { say \"<") + GetParam().text + ">\"; }");
  services.wall_ms = 1700000000123;

  EXPECT_EQ(Get("/dir/file", "a=1&B=two&empty=&flag"), std::string("<") + GetParam().value + ">");
}

INSTANTIATE_TEST_SUITE_P(
    Core, VariablesTest,
    testing::Values(Case{"$uri", "/dir/file"}, Case{"$args", "a=1&B=two&empty=&flag"},
                    Case{"$uri$is_args$args", "/dir/file?a=1&B=two&empty=&flag"},
                    Case{"$arg_a/$arg_b/$arg_empty/$arg_flag/$arg_none", "1/two///"},
                    Case{"$request_method $request_uri", "GET /dir/file"}, Case{"$request", "GET /dir/file HTTP/1.1"},
                    Case{"$host", "example.org"}, Case{"$server_name:$server_port", "example.org:80"},
                    Case{"$server_addr", "127.0.0.1"}, Case{"$scheme", "http"},
                    Case{"$remote_addr:$remote_port", "192.0.2.7:4711"}, Case{"$document_root", "/srv/html"},
                    Case{"$request_filename", "/srv/html/dir/file"}, Case{"$hostname $pid", "machine 42"},
                    Case{"$msec", "1700000000.123"}, Case{"$connection $connection_requests", "9 2"},
                    Case{"$http_user_agent", ""}, Case{"$URI $Args", "/dir/file a=1&B=two&empty=&flag"},
                    Case{"${Request_Method}/$ARG_A", "GET/1"}, Case{"<$SENT_HTTP_Content_Length>", "<0>"},
                    Case{"${uri}x", "/dir/filex"}, Case{"$server_protocol", "HTTP/1.1"}));

using TemplateTest = SiteTest;

TEST_F(TemplateTest, RefusesAnUnknownVariableAtItsPlace) {
  Load("http { server { location / { say $nonsense; } } }");

  EXPECT_EQ(site, nullptr);
  EXPECT_THAT(mistakes, testing::StartsWith("/etc/test.conf:1:34: unknown \"nonsense\" variable\n"));
}

TEST_F(TemplateTest, TellsEachUnknownVariableAtItsPlace) {
  Load("http { server { location / { say \"\\\"$hots ${uir}, $hostname $hots $\"; } } }");

  EXPECT_THAT(
      mistakes,
      testing::AllOf(testing::HasSubstr("/etc/test.conf:1:37: unknown \"hots\" variable; did you mean \"$host\"?\n"),
                     testing::HasSubstr("/etc/test.conf:1:43: unknown \"uir\" variable; did you mean \"$uri\"?\n"),
                     testing::HasSubstr("/etc/test.conf:1:67: invalid variable name\n")));
}

// As nginx: a status that error_page knows by a number of its own is logged as it was sent.
TEST_F(TemplateTest, TellsTheStatusThatWasSent) {
  LoadServer("location / { refuse 494; }");
  Get("/");
  std::vector<site::TemplateMistake> none;

  EXPECT_EQ(status(), 494);
  const site::VariableNames names{.built_in = kVariables.hooks.variables};
  EXPECT_EQ(Evaluate(site::Template::Compile("$status", names, none), exchange), "400");
}

TEST_F(TemplateTest, KnowsGroupsInEveryCase) {
  LoadServer("location ~ ^/(?<Name>[^/]*)/(?<tail>.*)$ { say \"$name $NAME ${Tail}\"; }");

  EXPECT_EQ(Get("/a/b"), "a a b");
}

// nginx lets `args` alone be set by anybody.
TEST_F(TemplateTest, RefusesAGroupThatHidesAVariable) {
  for (const char* place : {"location ~ ^/(?<uri>.*)$ { }", "location ~* ^/(?<uri>.*)$ { }",
                            "server_name ~^(?<uri>.*)$;", "server_name \"~^(?P<uri>.*)$\";"}) {
    Load(std::string("http { server { ") + place + " } }");
    EXPECT_EQ(site, nullptr) << place;
    EXPECT_THAT(mistakes, testing::HasSubstr("the duplicate \"uri\" variable")) << place;
  }
  Load("http { server { location ~ ^/(?<Host>.*)$ { } } }");
  EXPECT_THAT(mistakes, testing::StartsWith("/etc/test.conf:1:28: the duplicate \"Host\" variable"));
  Load("http { server { location ~ ^/(?<args>.*)/(?<http_x>.*)/(?<own>.*)$ { say $own; } } }");
  EXPECT_EQ(mistakes, "");
}

TEST_F(TemplateTest, NamesTheVariablesThatOnlyNginxHas) {
  Load("http { server { location / { say $upstream_addr; } } }");

  EXPECT_THAT(mistakes, testing::HasSubstr("unknown \"upstream_addr\" variable: nginx has it, and colmeia does not"));
}

TEST(VariablesReferenceTest, HasEveryVariableWithItsSentence) {
  const std::string page = VariablesReference(kVariables.hooks.variables);
  for (const site::Variable& variable : kVariables.hooks.variables) {
    EXPECT_NE(page.find("### $" + std::string(variable.name)), std::string::npos) << variable.name;
    EXPECT_TRUE(variable.doc.ends_with('.') || variable.doc.ends_with("...")) << variable.name;
  }
}

TEST_F(TemplateTest, RefusesAnUnclosedBrace) {
  std::vector<site::TemplateMistake> found;
  site::Template::Compile("${uri", {}, found);

  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].message, "the closing bracket in \"uri\" variable is missing");
}

TEST_F(TemplateTest, JoinsFieldsOfOneName) {
  LoadServer("location / { say \"$http_x_tag|$http_cookie|$cookie_b\"; }");
  Get("/");
  exchange.response.body.Clear();
  exchange.request.fields.Add("X-Tag", "one");
  exchange.request.fields.Add("x-tag", "two");
  exchange.request.fields.Add("Cookie", "a=1; b=2");

  Runner::Run(exchange);

  EXPECT_EQ(BodyText(), "one, two|a=1; b=2|2");
}

TEST_F(TemplateTest, JoinsWellKnownFieldsOfOneNameToo) {
  LoadServer("location / { say \"$http_x_forwarded_for|$http_user_agent|$http_referer\"; }");
  Get("/");
  exchange.response.body.Clear();
  exchange.request.fields.Add("x-forwarded-for", "192.0.2.1");
  exchange.request.fields.Add("User-Agent", "wrk");
  exchange.request.fields.Add("X-Forwarded-For", "192.0.2.2");
  exchange.request.fields.Add("Referer", "/here");

  Runner::Run(exchange);

  EXPECT_EQ(BodyText(), "192.0.2.1, 192.0.2.2|wrk|/here");
}

TEST_F(TemplateTest, ReadsTheUserOfBasicAuthorization) {
  LoadServer("location / { say \"$remote_user\"; }");
  Get("/");
  exchange.response.body.Clear();
  exchange.request.fields.Add("Authorization", "Basic YW5hOnNlY3JldA==");

  Runner::Run(exchange);

  EXPECT_EQ(BodyText(), "ana");
}

}  // namespace
}  // namespace colmeia::pipeline
