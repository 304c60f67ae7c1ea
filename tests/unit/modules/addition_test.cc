#include "modules/addition.h"

#include <string>

#include "modules/site_fixture.h"

namespace colmeia::modules {
namespace {

using testing::HasSubstr;
using Pulled = pipeline::BodySource::Pulled;

class AdditionTest : public SiteTest {
 protected:
  AdditionTest() {
    folder.Write("page.html", "page\n");
    folder.Write("a.txt", "text\n");
    folder.Write("empty.html", "");
    folder.Write("before", "before\n");
    folder.Write("after", "after\n");
  }
  void ServeTypes(const std::string& text) { Serve("types { text/html html; text/plain txt; } " + text); }
};

TEST_F(AdditionTest, SurroundsTheBody) {
  ServeTypes("add_before_body /before; add_after_body /after;");

  const Answer answer = Get("/page.html");

  EXPECT_EQ(answer.body, "before\npage\nafter\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.pulled, Pulled::kLast);
}

TEST_F(AdditionTest, OneOfThemIsEnough) {
  ServeTypes("location /b/ { alias " + folder.path() + "/; add_before_body /before; } location /a/ { alias " +
             folder.path() + "/; add_after_body /after; }");

  EXPECT_EQ(Get("/b/page.html").body, "before\npage\n");
  EXPECT_EQ(Get("/a/page.html").body, "page\nafter\n");
  EXPECT_EQ(Get("/page.html").body, "page\n");
}

TEST_F(AdditionTest, TheHeadSaysThatItIsNoFile) {
  ServeTypes("add_after_body /after;");

  const Answer answer = Get("/page.html", {{"Range", "bytes=0-1"}});

  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer["ETag"], testing::StartsWith("W/\""));
  EXPECT_EQ(answer["Accept-Ranges"], "(none)");
  EXPECT_NE(answer["Last-Modified"], "(none)");
  EXPECT_EQ(exchange.response.body.KnownLength(), std::nullopt);
}

TEST_F(AdditionTest, IsForPagesOnlyUnlessTypesSayMore) {
  ServeTypes("add_after_body /after; location /txt/ { alias " + folder.path() +
             "/; addition_types text/plain; } location /all/ { alias " + folder.path() + "/; addition_types *; }");

  EXPECT_EQ(Get("/a.txt").body, "text\n");
  EXPECT_EQ(Get("/before").body, "before\n");
  EXPECT_EQ(Get("/txt/a.txt").body, "text\nafter\n");
  EXPECT_EQ(Get("/txt/page.html").body, "page\nafter\n");
  EXPECT_EQ(Get("/all/before").body, "before\nafter\n");
}

TEST_F(AdditionTest, IsForSuccessOnly) {
  ServeTypes("add_after_body /after; location = /r { return 403; } location = /ok { error_page 404 =200 /page.html; }");

  EXPECT_THAT(Get("/missing.html").body, testing::Not(HasSubstr("after")));
  EXPECT_THAT(Get("/r").body, testing::Not(HasSubstr("after")));
  EXPECT_EQ(Get("/ok").body, "page\nafter\n");
}

TEST_F(AdditionTest, ACopyIsStillGood) {
  ServeTypes("add_after_body /after;");
  const std::string tag = Get("/page.html")["ETag"];

  const Answer answer = Get("/page.html", {{"If-None-Match", tag}});

  EXPECT_EQ(answer.status, 304);
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ("W/" + answer["ETag"], tag) << "as in nginx";
}

TEST_F(AdditionTest, ForHeadNoChildIsMade) {
  Configure(
      "http { types { text/html html; } log_format f '$uri'; access_log log f; log_subrequest on; "
      "server { listen 80; root " +
      folder.path() + "; add_after_body /after; } }");

  const Answer answer = Ask("HEAD", "/page.html");

  EXPECT_THAT(answer["ETag"], testing::StartsWith("W/\""));
  EXPECT_EQ(AccessLogText(LogNamed(folder / "log")), "/page.html\n");
}

TEST_F(AdditionTest, AnEmptyStringEndsWhatIsInherited) {
  ServeTypes("add_before_body /before; add_after_body /after; location /n/ { alias " + folder.path() +
             "/; add_before_body \"\"; }");

  EXPECT_EQ(Get("/n/page.html").body, "page\nafter\n");
}

TEST_F(AdditionTest, AnEmptyPageIsSurroundedToo) {
  ServeTypes("add_before_body /before; add_after_body /after;");

  EXPECT_EQ(Get("/empty.html").body, "before\nafter\n");
}

TEST_F(AdditionTest, TheChildsOwnLocationAddsNothing) {
  ServeTypes("add_after_body /page.html;");

  EXPECT_EQ(Get("/page.html").body, "page\npage\n");
}

TEST_F(AdditionTest, ThePathIsNotTakenApart) {
  folder.Write("after?x=1", "odd\n");
  ServeTypes("add_after_body /after?x=1;");

  EXPECT_EQ(Get("/page.html").body, "page\nodd\n");
}

TEST_F(AdditionTest, APathThatClimbsFindsNothing) {
  ServeTypes("add_after_body /../../etc/hostname;");

  EXPECT_THAT(Get("/page.html").body, HasSubstr("404 Not Found"));
}

TEST_F(AdditionTest, AChildThatFailsAddsItsPageAndTheLogSaysWhichItWas) {
  ServeTypes("add_after_body /nothing;");

  const Answer answer = Get("/page.html");

  EXPECT_EQ(answer.status, 200);
  EXPECT_THAT(answer.body, testing::AllOf(testing::StartsWith("page\n"), HasSubstr("404 Not Found")));
  EXPECT_THAT(ErrorLogText(), HasSubstr("request: \"GET /page.html HTTP/1.1\", subrequest: \"/nothing\", host: "));
}

TEST_F(AdditionTest, AChildThatIsRedirectedAddsThePageOfThat) {
  ServeTypes("add_after_body /moved; location = /moved { return 301 /x; }");

  EXPECT_THAT(Get("/page.html").body, HasSubstr("301 Moved Permanently"));
  EXPECT_EQ(exchange.response.fields.Find("Location"), nullptr);
}

TEST_F(AdditionTest, AChildWithoutAnAnswerCutsTheBody) {
  ServeTypes("add_after_body /gone; location = /gone { return 444; }");

  const Answer answer = Get("/page.html");

  EXPECT_EQ(answer.body, "page\n");
  EXPECT_EQ(answer.pulled, Pulled::kBroken);
}

TEST_F(AdditionTest, ForbiddenAndInternalPlacesAreOpenToAChild) {
  ServeTypes(
      "add_before_body /in; add_after_body /no; location = /in { internal; return 200 in; } location = /no "
      "{ deny all; return 200 no; } ");

  EXPECT_EQ(Get("/page.html").body, "inpage\nno");
  EXPECT_EQ(Get("/in").status, 404);
}

TEST_F(AdditionTest, FieldsOfAChildAreNobodys) {
  ServeTypes("add_after_body /c; location = /c { add_header X-Child 1 always; expires 1h; return 200 c; }");

  const Answer answer = Get("/page.html");

  EXPECT_EQ(answer.body, "page\nc");
  EXPECT_EQ(answer["X-Child"], "(none)");
  EXPECT_EQ(answer["Expires"], "(none)");
}

TEST_F(AdditionTest, ConditionsAndRangesAreTheClients) {
  ServeTypes("add_after_body /after;");

  const Answer answer = Get("/page.html", {{"If-None-Match", "\"x\""}, {"Range", "bytes=0-1"}, {"If-Range", "\"x\""}});

  EXPECT_EQ(answer.body, "page\nafter\n");
}

TEST_F(AdditionTest, WhatIsAddedIsCompressedWithThePage) {
  ServeTypes("gzip on; gzip_min_length 0; add_before_body /before; add_after_body /after;");

  const Answer answer = Get("/page.html", {{"Accept-Encoding", "gzip"}});

  EXPECT_EQ(answer["Content-Encoding"], "gzip");
  EXPECT_EQ(answer.pulled, Pulled::kLast);
  EXPECT_EQ(static_cast<unsigned char>(answer.body[0]), 0x1f);
}

TEST_F(AdditionTest, WhatIsCodedAlreadyStaysWhole) {
  folder.Write("page.html.gz", "\x1f\x8b as it lies there");
  ServeTypes("gzip_static on; add_before_body /before;");

  const Answer coded = Get("/page.html", {{"Accept-Encoding", "gzip"}});
  EXPECT_EQ(coded.body, "\x1f\x8b as it lies there");
  EXPECT_EQ(Get("/page.html").body, "before\npage\n");
}

TEST_F(AdditionTest, AChildIsNeverCoded) {
  folder.Write("after.gz", "coded");
  ServeTypes("gzip_static on; brotli_static on; add_after_body /after;");
  folder.Write("after.br", "coded");

  EXPECT_EQ(Get("/page.html", {{"Accept-Encoding", "gzip, br"}}).body, "page\nafter\n");
}

TEST_F(AdditionTest, ChildrenAreLoggedWhereTheOperatorWantsIt) {
  Configure(
      "http { types { text/html html; } log_format f '$request $uri $status $body_bytes_sent "
      "$request_completion'; access_log log f; server { listen 80; root " +
      folder.path() +
      "; add_before_body /before; add_after_body /nothing; location = /nothing { log_subrequest on; "
      "return 404 gone; } } }");

  Get("/page.html");

  EXPECT_THAT(AccessLogText(LogNamed(folder / "log")), testing::StartsWith("GET /page.html HTTP/1.1 /nothing 404 4 \n"
                                                                           "GET /page.html HTTP/1.1 /page.html 200 "));
}

TEST_F(AdditionTest, ALimitHoldsForTheRequestAsAWhole) {
  Configure(
      "http { types { text/html html; } access_log off; limit_conn_zone $remote_addr zone=few:32k; server { "
      "listen 80; root " +
      folder.path() +
      "; limit_conn few 1; add_before_body /before; add_after_body /after; } "
      "}");

  EXPECT_EQ(Get("/page.html").body, "before\npage\nafter\n");
}

TEST_F(AdditionTest, MistakesHaveTheirPlace) {
  EXPECT_THAT(ErrorsOf("add_before_body /a; add_before_body /b;"),
              HasSubstr("\"add_before_body\" directive is duplicate"));
  EXPECT_THAT(ErrorsOf("add_after_body;"), HasSubstr("invalid number of arguments"));
  EXPECT_THAT(ErrorsOf("log_subrequest maybe;"), HasSubstr("log_subrequest"));
}

}  // namespace
}  // namespace colmeia::modules
