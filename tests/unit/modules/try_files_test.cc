#include "modules/try_files.h"

#include <filesystem>

#include "modules/site_fixture.h"
#include "support/deadline.h"

namespace colmeia::modules {
namespace {

using testing::HasSubstr;

using TryFilesTest = SiteTest;

TEST_F(TryFilesTest, ServesTheFirstThatExists) {
  folder.Write("b.html", "b");
  Serve("try_files $uri $uri.html =404;");
  EXPECT_EQ(Get("/b").body, "b");
  EXPECT_EQ(Get("/b")["Content-Type"], "text/html");
  EXPECT_EQ(Get("/none").status, 404);
  EXPECT_EQ(ErrorLogText(), "");
}

TEST_F(TryFilesTest, TellsFoldersFromFiles) {
  std::filesystem::create_directory(folder / "dir");
  folder.Write("dir/index.html", "index");
  Serve("location / { try_files $uri =404; } location /dir { try_files $uri $uri/ =404; }");
  EXPECT_EQ(Get("/dir/").body, "index");
  EXPECT_EQ(Get("/").status, 404);
}

TEST_F(TryFilesTest, SendsAFolderToItsSlash) {
  std::filesystem::create_directory(folder / "dir");
  std::filesystem::create_directory(folder / "dir/empty");
  folder.Write("dir/index.html", "index");
  Serve(
      "absolute_redirect off; location / { try_files $uri $uri/ =404; } location /fixed { try_files /dir/ =404; } "
      "location /a/ { alias " +
      folder.path() +
      "/dir/; try_files $uri $uri/ =404; } "
      "location ~ ^/m/(.*)$ { alias " +
      folder.path() + "/$1; try_files \"\" / =404; }");
  EXPECT_EQ(Get("/dir?x=1")["Location"], "/dir/?x=1");
  EXPECT_EQ(Ask("POST", "/dir").status, 301);
  EXPECT_EQ(Get("/fixed")["Location"], "/dir/");
  EXPECT_EQ(Get("/a/empty")["Location"], "/a/empty/");
  EXPECT_EQ(Get("/a/empty/").status, 403);
  EXPECT_EQ(Get("/m/dir")["Location"], "/m/dir/");
  EXPECT_EQ(Get("/m/dir/").body, "index");
}

TEST_F(TryFilesTest, StandsBehindTheAliasOfARegexLocation) {
  std::filesystem::create_directory(folder / "d");
  folder.Write("d/a.txt", "a");
  folder.Write("front.html", "front");
  Serve("location ~ ^/m/(.*)$ { alias " + folder.path() +
        "/d/$1; try_files \"\" .txt /front.html; } "
        "location ~ ^/n/(.*)$ { alias " +
        folder.path() + "/d/; try_files $1 =404; }");
  EXPECT_EQ(Get("/m/a.txt").body, "a");
  EXPECT_EQ(Get("/m/a").body, "a");
  EXPECT_EQ(Get("/m/none").body, "front");
  EXPECT_EQ(Get("/n/a.txt").body, "a");
  EXPECT_EQ(Get("/n/none").status, 404);
}

TEST_F(TryFilesTest, KnowsTheAliasOfAnOuterLocation) {
  folder.Write("a.txt", "a");
  Serve("location /o/ { alias " + folder.path() + "/; location ~ txt$ { try_files $uri =410; } }");
  EXPECT_EQ(Get("/o/a.txt").body, "a");
  EXPECT_EQ(Get("/o/b.txt").status, 410);
}

// nginx's rule, which moved sites rely on: of a text with variables the location's own part is left out behind an
// alias, also of the last argument; and nothing is a path that has no slash at its beginning.
TEST_F(TryFilesTest, TakesTextsByTheLetterAsNginxDoes) {
  folder.Write("x.html", "x");
  Serve(
      "location /b { try_files x.html =404; } "
      "location /c/ { alias " +
      folder.path() + "/; try_files $uri /c//c/x.html$is_args; }");
  EXPECT_EQ(Get("/b").status, 404);
  EXPECT_EQ(Get("/c/none").body, "x");
}

TEST_F(TryFilesTest, FallsBackToAPathWithArguments) {
  Serve("location / { try_files $uri /app?path=$uri&$args; } location /app { return 200 \"$uri|$args\"; }");
  EXPECT_EQ(Get("/x?y=1").body, "/app|path=/x&y=1");
}

TEST_F(TryFilesTest, FallsBackToANamedLocation) {
  Serve("location / { try_files $uri @app; } location @app { return 200 \"app $uri\"; }");
  EXPECT_EQ(Get("/x").body, "app /x");
}

TEST_F(TryFilesTest, FallsBackToAStatus) {
  Serve("try_files $uri =418;");
  EXPECT_EQ(Get("/x").status, 418);
}

TEST_F(TryFilesTest, ServesAFoundFileInItsOwnLocation) {
  folder.Write("a.txt", "file");
  Serve("location /a { default_type text/x-here; try_files /a.txt =404; } location = /a.txt { return 403; }");
  EXPECT_EQ(Get("/a").body, "file");
}

TEST_F(TryFilesTest, KnowsAliases) {
  std::filesystem::create_directory(folder / "real");
  folder.Write("real/a", "aliased");
  folder.Write("real/fallback", "fallback");
  Serve("location /seen/ { alias " + folder.path() + "/real/; try_files $uri /fallback =404; }");
  EXPECT_EQ(Get("/seen/a").body, "aliased");
  EXPECT_EQ(Get("/seen/b").body, "fallback");
}

TEST_F(TryFilesTest, NeverClimbsOutOfTheRoot) {
  std::filesystem::create_directory(folder / "root");
  folder.Write("secret", "secret");
  Serve("location / { root " + folder.path() +
        "/root; try_files /$arg_f =404; }"
        "location /f { root " +
        folder.path() + "/root; try_files /none /$arg_f; }");
  EXPECT_EQ(Get("/?f=../secret").status, 404);
  EXPECT_EQ(Get("/f?f=../secret").status, 404);
}

TEST_F(TryFilesTest, LooksOnceAtAWarmFile) {
  folder.Write("a", "x");
  Serve("try_files $uri =404;");
  const auto deadline = std::chrono::steady_clock::now() + kTestDeadline;
  std::uint64_t loads = 0;
  do {
    loads = store.counters().loads;
    Get("/a");
  } while (store.counters().loads != loads && std::chrono::steady_clock::now() < deadline);
  const std::uint64_t looks = store.counters().looks;
  EXPECT_EQ(Get("/a").body, "x");
  EXPECT_EQ(store.counters().looks - looks, 1u);
}

TEST_F(TryFilesTest, EndsACycle) {
  Serve("location / { try_files /none /loop; }");
  EXPECT_EQ(Get("/x").status, 500);
  EXPECT_THAT(ErrorLogText(), HasSubstr("rewrite or internal redirection cycle"));
}

TEST_F(TryFilesTest, RefusesACodeThatIsNone) {
  EXPECT_THAT(ErrorsOf("try_files $uri =x;"), HasSubstr("expected =CODE"));
  EXPECT_THAT(ErrorsOf("try_files $uri;"), HasSubstr("number of arguments"));
}

// As nginx: whatever number up to 999 is answered with, and 408, 444 and 499 are no answers.
TEST_F(TryFilesTest, FallsBackToEveryCode) {
  for (const int code : {600, 799, 999}) {
    Serve("try_files /none =" + std::to_string(code) + ";");
    EXPECT_EQ(Get("/").status, code);
    EXPECT_EQ(Get("/").body, "");
    EXPECT_FALSE(exchange.response.withheld) << code;
  }
  for (const int code : {408, 444, 499}) {
    Serve("try_files /none =" + std::to_string(code) + ";");
    EXPECT_EQ(Get("/").status, code);
    EXPECT_TRUE(exchange.response.withheld) << code;
  }
  for (const char* code : {"=1000", "=199", "=", "=4o4", "=-1"}) {
    EXPECT_THAT(ErrorsOf(std::string("try_files /none ") + code + ";"), HasSubstr("expected =CODE")) << code;
  }
}

}  // namespace
}  // namespace colmeia::modules
