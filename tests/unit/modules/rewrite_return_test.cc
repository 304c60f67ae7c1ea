#include "modules/rewrite.h"

#include "modules/site_fixture.h"

namespace colmeia::modules {
namespace {

using testing::HasSubstr;

using ReturnTest = SiteTest;

TEST_F(ReturnTest, AnswersWithAText) {
  Serve("default_type text/x-say; location /say { return 200 \"hello $arg_who\\n\"; }");
  const Answer answer = Get("/say?who=bee");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello bee\n");
  EXPECT_EQ(answer["Content-Type"], "text/x-say");
}

TEST_F(ReturnTest, AnswersWithABareStatus) {
  Serve("location /none { return 204; } location /gone { return 410; } location /ok { return 200; }");
  EXPECT_EQ(Get("/none").status, 204);
  EXPECT_EQ(Get("/none")["Content-Type"], "(none)");
  EXPECT_EQ(Get("/gone").status, 410);
  EXPECT_THAT(Get("/gone").body, HasSubstr("410 Gone"));
  EXPECT_EQ(Get("/ok").body, "");
}

TEST_F(ReturnTest, SendsAnErrorWithATextWithoutErrorPage) {
  Serve("error_page 403 /403.html; location /no { return 403 \"no\"; }");
  const Answer answer = Get("/no");
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.body, "no");
}

TEST_F(ReturnTest, GivesABareErrorToErrorPage) {
  folder.Write("403.html", "page");
  Serve("error_page 403 /403.html; location /no { return 403; }");
  const Answer answer = Get("/no");
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.body, "page");
}

TEST_F(ReturnTest, SendsTheClientElsewhere) {
  Serve(
      "location /a { return 301 /b$is_args$args; } location /c { return https://example.org$uri; }"
      "location /d { return 308 $scheme://example.org/; }");
  EXPECT_EQ(Get("/a?x=1").status, 301);
  EXPECT_EQ(Get("/a?x=1")["Location"], "http://hive.example/b?x=1");
  EXPECT_EQ(Get("/c").status, 302);
  EXPECT_EQ(Get("/c")["Location"], "https://example.org/c");
  EXPECT_EQ(Get("/d").status, 308);
  EXPECT_EQ(Get("/d")["Location"], "http://example.org/");
}

TEST_F(ReturnTest, ClosesTheConnectionWith444) {
  Serve("return 444;");
  const Answer answer = Get("/");
  EXPECT_EQ(answer.status, 444);
  EXPECT_EQ(answer.body, "");
}

TEST_F(ReturnTest, OfAServerComesBeforeItsLocations) {
  Serve("return 503; location / { return 200; }");
  EXPECT_EQ(Get("/").status, 503);
}

TEST_F(ReturnTest, IsNotInherited) {
  folder.Write("a", "file");
  Serve("location / { return 410; location /a { } }");
  EXPECT_EQ(Get("/b").status, 410);
  EXPECT_EQ(Get("/a").body, "file");
}

TEST_F(ReturnTest, TakesTheFirstOfSeveral) {
  Serve("return 200 one; return 200 two;");
  EXPECT_EQ(Get("/").body, "one");
}

TEST_F(ReturnTest, RefusesWhatIsNeitherCodeNorUrl) {
  EXPECT_THAT(ErrorsOf("return /b;"), HasSubstr("expected a status code, or a URL"));
  EXPECT_THAT(ErrorsOf("return 1000;"), HasSubstr("from 200 to 999"));
  EXPECT_THAT(ErrorsOf("return 200 $nothing;"), HasSubstr("unknown \"nothing\" variable"));
}

TEST_F(ReturnTest, ClosesTheConnectionWhereNginxAnswersNothing) {
  for (const char* code : {"444", "408", "499", "444 \"\""}) {
    Serve(std::string("error_page 408 /x; return ") + code + ";");
    EXPECT_EQ(Get("/").status, std::stoi(code)) << code;
    EXPECT_TRUE(exchange.response.withheld) << code;
  }
}

TEST_F(ReturnTest, SendsATextWithEveryStatusThatHasABody) {
  for (const char* code : {"444", "408", "499", "405", "600"}) {
    Serve(std::string("return ") + code + " text;");
    EXPECT_EQ(Get("/").status, std::stoi(code)) << code;
    EXPECT_EQ(Get("/").body, "text") << code;
    EXPECT_FALSE(exchange.response.withheld) << code;
  }
  for (const char* code : {"204", "304"}) {
    Serve(std::string("return ") + code + " text;");
    EXPECT_EQ(Get("/").status, std::stoi(code)) << code;
    EXPECT_EQ(Get("/").body, "") << code;
    EXPECT_EQ(Get("/")["Content-Type"], "(none)") << code;
  }
}

TEST_F(ReturnTest, OfA405KeepsTheMethodsThatItNames) {
  Serve("location / { return 405; add_header Allow \"GET, PURGE\" always; }");
  Get("/");
  EXPECT_EQ(exchange.response.fields.Value(http::HeaderId::kAllow), "GET, PURGE");
}

}  // namespace
}  // namespace colmeia::modules
