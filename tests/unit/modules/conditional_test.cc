#include "modules/conditional.h"

#include <filesystem>

#include "modules/site_fixture.h"

namespace colmeia::modules {
namespace {

class ConditionalTest : public SiteTest {
 protected:
  static constexpr std::string_view kDate = "Sun, 06 Nov 1994 08:49:37 GMT";
  static constexpr std::string_view kTag = "\"2ebc98a1-5\"";
  ConditionalTest() {
    folder.Write("a", "hello");
    std::filesystem::last_write_time(folder / "a", std::filesystem::file_time_type::clock::from_sys(
                                                       std::chrono::sys_seconds(std::chrono::seconds(784111777))));
  }
};

TEST_F(ConditionalTest, SavesTheBodyWhenTheTagIsKnown) {
  Serve("");
  const Answer answer = Get("/a", {{"If-None-Match", kTag}});
  EXPECT_EQ(answer.status, 304);
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(answer["ETag"], kTag);
  EXPECT_EQ(answer["Last-Modified"], kDate);
  EXPECT_EQ(answer["Content-Type"], "(none)");
  EXPECT_EQ(answer["Accept-Ranges"], "(none)");
  EXPECT_EQ(Get("/a", {{"If-None-Match", "\"other\""}}).status, 200);
}

TEST_F(ConditionalTest, SavesTheBodyWhenTheDateIsKnown) {
  Serve("location / { } location /b { if_modified_since before; alias " + (folder / "a") +
        "; } location /c { if_modified_since off; alias " + (folder / "a") + "; }");
  const std::string_view later = "Sun, 06 Nov 1994 08:49:38 GMT";
  EXPECT_EQ(Get("/a", {{"If-Modified-Since", kDate}}).status, 304);
  EXPECT_EQ(Get("/a", {{"If-Modified-Since", later}}).status, 200);
  EXPECT_EQ(Get("/b", {{"If-Modified-Since", later}}).status, 304);
  EXPECT_EQ(Get("/c", {{"If-Modified-Since", kDate}}).status, 200);
}

TEST_F(ConditionalTest, RefusesWhenAPreconditionFails) {
  Serve("");
  EXPECT_EQ(Get("/a", {{"If-Match", "\"other\""}}).status, 412);
  EXPECT_EQ(Get("/a", {{"If-Match", kTag}}).status, 200);
  EXPECT_EQ(Get("/a", {{"If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:36 GMT"}}).status, 412);
}

TEST_F(ConditionalTest, IsAboutGoodAnswersOnly) {
  Serve("location /no { error_page 404 /a; } location /text { return 200 x; }");
  EXPECT_EQ(Get("/no", {{"If-None-Match", kTag}}).status, 404);
  EXPECT_EQ(Get("/text", {{"If-None-Match", "*"}}).status, 200);
}

TEST_F(ConditionalTest, AFailureMayHaveAnErrorPage) {
  folder.Write("page.html", "page");
  Serve("location /a { error_page 412 /page.html; } location /b { error_page 412 @own; alias " + (folder / "a") +
        "; } location @own { return 200 own; } location /c { error_page 412 https://example.org/; alias " +
        (folder / "a") + "; } location /d { error_page 412 =200 /page.html; alias " + (folder / "a") + "; }");
  Answer answer = Get("/a", {{"If-Match", "\"other\""}});
  EXPECT_EQ(answer.status, 412);
  EXPECT_EQ(answer.body, "page");
  EXPECT_EQ(answer["ETag"], "(none)");
  answer = Get("/b", {{"If-Match", "\"other\""}});
  EXPECT_EQ(answer.status, 412);
  EXPECT_EQ(answer.body, "own");
  answer = Get("/c", {{"If-Match", "\"other\""}});
  EXPECT_EQ(answer.status, 302);
  EXPECT_EQ(answer["Location"], "https://example.org/");
  EXPECT_EQ(Get("/d", {{"If-Match", "\"other\""}}).status, 412);  // the page fails as well, and has no page
  EXPECT_EQ(Get("/a").status, 200);
}

}  // namespace
}  // namespace colmeia::modules
