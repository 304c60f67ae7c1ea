#include "modules/open_file_cache.h"

#include "modules/site_fixture.h"

namespace colmeia::modules {
namespace {

using testing::HasSubstr;

using OpenFileCacheTest = SiteTest;

TEST_F(OpenFileCacheTest, BelievesWhatItKnowsForAWhile) {
  Serve("location / { open_file_cache max=10 inactive=1h; open_file_cache_valid 30s; } location /off/ { alias " +
        folder.path() + "/; }");
  folder.Write("a", "old");
  EXPECT_EQ(Get("/a").body, "old");
  folder.Write("a", "new");
  EXPECT_EQ(Get("/a").body, "old");
  EXPECT_EQ(Get("/off/a").body, "new");
  services.now += std::chrono::seconds(30);
  EXPECT_EQ(Get("/a").body, "new");
}

TEST_F(OpenFileCacheTest, SharesTheCacheOfTheBlockAround) {
  Serve("open_file_cache max=10; location / { open_file_cache_valid 1h; } location /b/ { alias " + folder.path() +
        "/; } location /c/ { open_file_cache off; alias " + folder.path() + "/; }");
  folder.Write("a", "old");
  EXPECT_EQ(Get("/a").body, "old");
  folder.Write("a", "new");
  EXPECT_EQ(Get("/b/a").body, "old");
  EXPECT_EQ(Get("/c/a").body, "new");
}

TEST_F(OpenFileCacheTest, RefusesNonsense) {
  EXPECT_THAT(ErrorsOf("open_file_cache inactive=1s;"), HasSubstr("must have the \"max\" parameter"));
  EXPECT_THAT(ErrorsOf("open_file_cache max=0;"), HasSubstr("expected max=NUMBER"));
  EXPECT_THAT(ErrorsOf("open_file_cache max=1 often;"), HasSubstr("expected max=NUMBER, inactive=TIME"));
}

}  // namespace
}  // namespace colmeia::modules
