#include "pipeline/runner.h"

#include <gmock/gmock.h>

#include "pipeline/site_fixture.h"

namespace colmeia::pipeline {
namespace {

using testing::HasSubstr;
using RunnerTest = SiteTest;

TEST_F(RunnerTest, AnswersFromTheLocationThatMatches) {
  LoadServer("location / { say root; } location /a { say a; }");

  EXPECT_EQ(Get("/x"), "root");
  EXPECT_EQ(Get("/ab"), "a");
}

TEST_F(RunnerTest, AnswersNotFoundWhenNoHandlerDoes) {
  LoadServer("location / { }");

  EXPECT_THAT(Get("/x"), HasSubstr("404 Not Found"));
  EXPECT_EQ(status(), 404);
  EXPECT_EQ(exchange.response.content_type, "text/html");
}

TEST_F(RunnerTest, KeepsTheStatusOfAnErrorThatAPageAnswers) {
  LoadServer("error_page 403 /sorry; location /no { refuse 403; } location /sorry { say sorry; }");

  EXPECT_EQ(Get("/no"), "sorry");
  EXPECT_EQ(status(), 403);
}

TEST_F(RunnerTest, OverwritesTheStatusWhenTheErrorPageSaysSo) {
  LoadServer("error_page 403 =200 /sorry; location /no { refuse 403; } location /sorry { say sorry; }");

  EXPECT_EQ(Get("/no"), "sorry");
  EXPECT_EQ(status(), 200);
}

TEST_F(RunnerTest, EntersANamedLocationForAnError) {
  LoadServer("error_page 404 = @fallback; location / { refuse 404; } location @fallback { say fallback; }");

  EXPECT_EQ(Get("/x"), "fallback");
  EXPECT_EQ(status(), 200);
}

TEST_F(RunnerTest, RedirectsToTheUrlOfAnErrorPage) {
  LoadServer("error_page 404 http://other.example/; location / { refuse 404; }");

  Get("/x");

  EXPECT_EQ(status(), 302);
  EXPECT_EQ(exchange.response.fields.Value(http::HeaderId::kLocation), "http://other.example/");
}

TEST_F(RunnerTest, RedirectsToTheSchemeAndPortThatTheClientReached) {
  LoadServer("location / { say ok; }");
  Get("/x");
  const auto target = [this](std::string_view scheme, std::uint16_t port) {
    local = *sys::Address::FromIp("127.0.0.1", port);
    facts.scheme = scheme;
    static_cast<void>(Redirect(exchange, http::Status::kFound, "/a"));
    return std::string(exchange.redirect_to);
  };

  EXPECT_EQ(target("http", 80), "http://example.org/a");
  EXPECT_EQ(target("http", 443), "http://example.org:443/a");
  EXPECT_EQ(target("https", 443), "https://example.org/a");
  EXPECT_EQ(target("https", 80), "https://example.org:80/a");
}

TEST_F(RunnerTest, MakesABuiltInPageWhenTheErrorPageFailsItself) {
  LoadServer("error_page 404 /missing; location / { refuse 404; }");

  EXPECT_THAT(Get("/x"), HasSubstr("404 Not Found"));
}

TEST_F(RunnerTest, MakesNoErrorPageForAnErrorPageWhateverStatusItWasToHave) {
  LoadServer("error_page 404 =200 /missing; location / { refuse 404; }");

  EXPECT_THAT(Get("/x"), HasSubstr("404 Not Found"));
  EXPECT_EQ(status(), 404);
}

TEST_F(RunnerTest, RefusesABodyInTheLocationThatServes) {
  LoadServer(
      "error_page 413 /outer; location /outer { say outer; } location /inner { say inner; } "
      "location / { error_page 413 /inner; say ok; }");
  Get("/");
  exchange.response.body.Clear();

  Runner::Refuse(exchange, http::Status::kContentTooLarge);

  EXPECT_EQ(BodyText(), "inner");
  EXPECT_EQ(status(), 413);
}

TEST_F(RunnerTest, SaysOfEvery405WhichMethodsThereAre) {
  LoadServer("location / { refuse 405; }");
  Get("/");

  EXPECT_TRUE(exchange.response.fields.Has(http::HeaderId::kAllow));
  EXPECT_EQ(exchange.response.fields.Value(http::HeaderId::kAllow), "");
}

TEST_F(RunnerTest, EndsAReroutingCycleWithAnInternalError) {
  LoadServer("location /a { go /b; } location /b { go /a; }");

  Get("/a");

  EXPECT_EQ(status(), 500);
}

TEST_F(RunnerTest, HidesInternalLocationsFromClients) {
  LoadServer("location / { go /secret; } location /secret { internal; say secret; }");

  EXPECT_EQ(Get("/x"), "secret");
  EXPECT_THAT(Get("/secret"), HasSubstr("404"));
}

TEST_F(RunnerTest, RefusesABodyOverTheLocationsLimit) {
  LoadServer("client_max_body_size 10; location / { say ok; } location /big { client_max_body_size 0; say big; }");
  Get("/");
  exchange.request.content_length = 11;

  const auto with_body = [&](const std::string& path) {
    exchange.response.body.Clear();
    exchange.request.path = path;
    exchange.reroutes = 0;
    exchange.response.status = http::Status::kOk;
    Runner::Run(exchange);
    return status();
  };

  EXPECT_EQ(with_body("/"), 413);
  EXPECT_EQ(with_body("/big"), 200);
}

TEST_F(RunnerTest, KnowsTheCapturesOfTheLastLocation) {
  LoadServer("location ~ ^/a/(?<name>.*)$ { go /b/second; } location ~ ^/b/(?<name>.*)$ { say \"$name $1\"; }");

  EXPECT_EQ(Get("/a/first"), "second second");
}

TEST_F(RunnerTest, HidesTheVersionWhenTokensAreOff) {
  LoadServer("server_tokens off;");

  EXPECT_THAT(Get("/x"), testing::Not(HasSubstr("colmeia/")));
}

TEST_F(RunnerTest, RefusesBeforeALocationIsChosen) {
  LoadServer("location / { say ok; }");
  Get("/");
  exchange.response.body.Clear();

  Runner::Refuse(exchange, http::Status::kBadRequest);

  EXPECT_EQ(status(), 400);
  EXPECT_TRUE(exchange.response.close);
}

}  // namespace
}  // namespace colmeia::pipeline
