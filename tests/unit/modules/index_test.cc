#include "modules/index.h"

#include <filesystem>

#include "modules/site_fixture.h"

namespace colmeia::modules {
namespace {

using testing::HasSubstr;

class IndexTest : public SiteTest {
 protected:
  IndexTest() { std::filesystem::create_directory(folder / "d"); }
};

TEST_F(IndexTest, ServesTheFirstThatExists) {
  folder.Write("d/b.html", "b");
  folder.Write("d/c.html", "c");
  Serve("index a.html b.html c.html;");
  EXPECT_EQ(Get("/d/").body, "b");
}

TEST_F(IndexTest, IsIndexHtmlByDefault) {
  folder.Write("index.html", "top");
  Serve("");
  EXPECT_EQ(Get("/").body, "top");
  EXPECT_EQ(Get("/")["Content-Type"], "text/html");
}

TEST_F(IndexTest, ChoosesTheLocationAnew) {
  folder.Write("d/index.html", "file");
  Serve("location = /d/index.html { return 200 \"other $args\"; }");
  EXPECT_EQ(Get("/d/?x").body, "other x");
}

TEST_F(IndexTest, GoesToAnAbsolutePathUnseen) {
  Serve("index none.html /fallback; location = /fallback { return 200 $uri; }");
  EXPECT_EQ(Get("/d/").body, "/fallback");
}

TEST_F(IndexTest, GoesNowhereForAFolderThatIsMissing) {
  Serve("index none.html /fallback; location = /fallback { return 200 $uri; }");
  EXPECT_EQ(Get("/none/").status, 404);
}

TEST_F(IndexTest, TriesEveryNameBehindTheAliasOfARegexLocation) {
  folder.Write("d/b.html", "b");
  std::filesystem::create_directory(folder / "d/empty");
  for (const std::string cache : {"", "open_file_cache max=10; "}) {
    Serve("location ~ ^/m/(?<rest>.*)$ { " + cache + "alias " + folder.path() + "/d/$rest; index a.html b.html; }");
    EXPECT_EQ(Get("/m/").body, "b");
    EXPECT_EQ(Get("/m/").body, "b");
    EXPECT_EQ(Get("/m/empty/").status, 403);
    EXPECT_EQ(Get("/m/none/").status, 404);
  }
}

TEST_F(IndexTest, ReadsVariables) {
  folder.Write("d/index.bee.html", "bee");
  Serve("index index.$arg_who.html;");
  EXPECT_EQ(Get("/d/?who=bee").body, "bee");
  EXPECT_EQ(Get("/d/?who=x/../../secret").status, 403);
}

TEST_F(IndexTest, TakesAMissingFolderForMissing) {
  Serve("");
  EXPECT_EQ(Get("/none/").status, 404);
  EXPECT_THAT(ErrorLogText(), HasSubstr("/none/\" is not found (2: No such file or directory)"));
}

TEST_F(IndexTest, LeavesAFolderWithoutOneToOthers) {
  Serve("");
  EXPECT_EQ(Get("/d/").status, 403);
}

TEST_F(IndexTest, IsInheritedWhole) {
  folder.Write("d/a.html", "a");
  Configure("http { access_log off; index a.html; server { root " + folder.path() +
            "; listen 80; location /d/ { } location /d/x/ { index b.html; } } }");
  EXPECT_EQ(Get("/d/").body, "a");
}

TEST_F(IndexTest, LeavesOtherMethodsAlone) {
  folder.Write("d/index.html", "x");
  Serve("");
  EXPECT_EQ(Ask("PUT", "/d/").status, 405);
  EXPECT_EQ(Ask("POST", "/d/").status, 405);
}

}  // namespace
}  // namespace colmeia::modules
