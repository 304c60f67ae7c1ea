#include "modules/static_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>

#include "modules/site_fixture.h"

namespace colmeia::modules {
namespace {

using testing::HasSubstr;

class StaticFilesTest : public SiteTest {
 protected:
  void WriteDated(std::string_view name, std::string_view text) {
    const timespec times[2] = {{.tv_sec = 784111777, .tv_nsec = 0}, {.tv_sec = 784111777, .tv_nsec = 0}};
    ASSERT_EQ(utimensat(AT_FDCWD, folder.Write(name, text).c_str(), times, 0), 0);
  }
};

TEST_F(StaticFilesTest, SendsAFileWithItsFacts) {
  WriteDated("a.html", "<p>hello");
  Serve("");

  const Answer answer = Get("/a.html");

  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "<p>hello");
  EXPECT_EQ(answer["Content-Type"], "text/html");
  EXPECT_EQ(answer["Last-Modified"], "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(answer["ETag"], "\"2ebc98a1-8\"");
  EXPECT_EQ(answer["Accept-Ranges"], "bytes");
}

TEST_F(StaticFilesTest, SendsALargeFileFromItsDescriptor) {
  folder.Write("a", std::string(100'000, 'x'));
  Serve("");
  EXPECT_EQ(Get("/a").body, std::string(100'000, 'x'));
  EXPECT_FALSE(exchange.response.body.pieces()[0].in_memory());
}

TEST_F(StaticFilesTest, SendsWhatIsOnDiskNow) {
  Serve("");
  folder.Write("a", "old");
  EXPECT_EQ(Get("/a").body, "old");
  folder.Write("a", "new");
  EXPECT_EQ(Get("/a").body, "new");
}

TEST_F(StaticFilesTest, SendsAnEmptyFile) {
  folder.Write("empty.txt", "");
  Serve("");
  const Answer answer = Get("/empty.txt");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "");
}

TEST_F(StaticFilesTest, UsesTheDefaultTypeWithoutAnExtensionThatItKnows) {
  folder.Write("a.strange", "x");
  Serve("default_type application/x-strange;");
  EXPECT_EQ(Get("/a.strange")["Content-Type"], "application/x-strange");
}

TEST_F(StaticFilesTest, LeavesTheTagOutWhenToldSo) {
  folder.Write("a", "x");
  Serve("etag off;");
  EXPECT_EQ(Get("/a")["ETag"], "(none)");
}

TEST_F(StaticFilesTest, AnswersAndLogsAMissingFile) {
  Serve("");
  EXPECT_EQ(Get("/none").status, 404);
  EXPECT_THAT(ErrorLogText(), HasSubstr("[error]"));
  EXPECT_THAT(ErrorLogText(), HasSubstr("*12 open() \"" + folder.path() +
                                        "/none\" failed (2: No such file or directory), client: "
                                        "192.0.2.7, server: hive.example, request: \"GET /none "
                                        "HTTP/1.1\", host: \"hive.example\""));
}

TEST_F(StaticFilesTest, IsSilentAboutMissingFilesOnRequest) {
  Serve("log_not_found off;");
  EXPECT_EQ(Get("/none").status, 404);
  EXPECT_EQ(ErrorLogText(), "");
}

TEST_F(StaticFilesTest, TakesAPathBelowAFileForMissing) {
  folder.Write("a", "x");
  Serve("");
  EXPECT_EQ(Get("/a/b").status, 404);
  EXPECT_EQ(Get("/" + std::string(300, 'n')).status, 404);
}

TEST_F(StaticFilesTest, RefusesWhatItMayNotRead) {
  std::filesystem::create_symlink("loop", folder / "loop");
  Serve("");
  EXPECT_EQ(Get("/loop").status, 403);
}

TEST_F(StaticFilesTest, SendsNoPipes) {
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  Serve("");
  EXPECT_EQ(Get("/pipe").status, 404);
  EXPECT_THAT(ErrorLogText(), HasSubstr("/pipe\" is not a regular file"));
}

TEST_F(StaticFilesTest, RedirectsAFolderToItsSlash) {
  std::filesystem::create_directory(folder / "a b");
  Serve("");
  const Answer answer = Get("/a b?x=1");
  EXPECT_EQ(answer.status, 301);
  EXPECT_EQ(answer["Location"], "http://hive.example/a%20b/?x=1");
}

TEST_F(StaticFilesTest, RefusesAFolderThatNothingElseShows) {
  std::filesystem::create_directory(folder / "a");
  Serve("");
  EXPECT_EQ(Get("/a/").status, 403);
  EXPECT_THAT(ErrorLogText(), HasSubstr("directory index of \"" + folder.path() + "/a/\" is forbidden"));
}

TEST_F(StaticFilesTest, ServesReadingMethodsOnly) {
  folder.Write("a", "x");
  Serve("");
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
    const Answer answer = Ask(method, "/a");
    EXPECT_EQ(answer.status, 405) << method;
    EXPECT_EQ(answer["Allow"], "GET, HEAD") << method;
  }
}

TEST_F(StaticFilesTest, LooksBeforeItRefusesAPostAndNothingElse) {
  std::filesystem::create_directory(folder / "d");
  Serve("error_page 404 =200 /missing; location = /missing { return 200 missing; }");
  EXPECT_EQ(Ask("POST", "/none").body, "missing");
  EXPECT_EQ(Ask("POST", "/d").status, 301);
  EXPECT_EQ(Ask("POST", "/d/").status, 403);
  for (const char* method : {"PUT", "DELETE", "OPTIONS", "PATCH"}) {
    for (const char* path : {"/none", "/d", "/d/"}) EXPECT_EQ(Ask(method, path).status, 405) << method << path;
  }
}

TEST_F(StaticFilesTest, FollowsAnAlias) {
  std::filesystem::create_directory(folder / "pictures");
  folder.Write("pictures/a.gif", "GIF");
  Serve("location /img/ { alias " + folder.path() + "/pictures/; }");
  EXPECT_EQ(Get("/img/a.gif").body, "GIF");
}

TEST_F(StaticFilesTest, ServesErrorPages) {
  folder.Write("404.html", "<p>gone");
  Serve("error_page 404 /404.html;");
  const Answer answer = Get("/none");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.body, "<p>gone");
  for (const char* field : {"ETag", "Last-Modified", "Accept-Ranges"}) EXPECT_EQ(answer[field], "(none)") << field;
}

TEST_F(StaticFilesTest, KeepsNothingOfAResponseThatAnotherReplaces) {
  folder.Write("page.html", "page");
  Serve(
      "location /a { error_page 405 /none; } location /b { error_page 405 =200 /page.html; } "
      "location /c { error_page 405 /page.html; } location /d { error_page 301 =200 /page.html; return 301 /x; }");
  EXPECT_EQ(Ask("PUT", "/a").status, 404);
  EXPECT_EQ(Ask("PUT", "/a")["Allow"], "(none)");
  EXPECT_EQ(Ask("PUT", "/b")["Allow"], "(none)");
  EXPECT_NE(Ask("PUT", "/b")["ETag"], "(none)");  // with 200 it is the page's own response
  EXPECT_EQ(Ask("PUT", "/c").status, 405);
  EXPECT_EQ(Ask("PUT", "/c")["Allow"], "GET, HEAD");
  EXPECT_EQ(Get("/d").body, "page");
  EXPECT_EQ(Get("/d")["Location"], "(none)");
}

TEST_F(StaticFilesTest, RefusesAnErrorPageThatLeadsOutOfTheRoot) {
  std::filesystem::create_directory(folder / "www");
  folder.Write("secret", "secret");
  folder.Write("www/en", "english");
  Serve("location / { root " + folder.path() + "/www; error_page 404 /$arg_lang; }");
  EXPECT_EQ(Get("/none?lang=en").body, "english");
  const Answer answer = Get("/none?lang=../secret");
  EXPECT_EQ(answer.status, 404);
  EXPECT_THAT(answer.body, HasSubstr("404 Not Found"));
  EXPECT_THAT(ErrorLogText(), HasSubstr("\"/../secret\" leads out of \"" + folder.path() + "/www\""));
}

}  // namespace
}  // namespace colmeia::modules
