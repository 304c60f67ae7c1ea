#include "modules/precompressed.h"

#include <algorithm>
#include <filesystem>
#include <string>

#include "coding/coder.h"
#include "modules/site_fixture.h"

namespace colmeia::modules {
namespace {

using testing::HasSubstr;
using Pulled = pipeline::BodySource::Pulled;

constexpr std::pair<std::string_view, std::string_view> kGzip{"Accept-Encoding", "gzip"};

std::string Pack(std::string_view text) {
  return coding::RunWhole(*coding::MakeGzipEncoder({.level = 1}), text, 1 << 24).value();
}

class PrecompressedTest : public SiteTest {
 protected:
  PrecompressedTest() {
    folder.Write("a.html", "plain");
    folder.Write("a.html.gz", "gzip");
    folder.Write("a.html.br", "brotli");
    folder.Write("a.html.zst", "zstd");
    folder.Write("only.txt.gz", Pack("all of it"));
  }
};

TEST_F(PrecompressedTest, SendsTheFileBesideIt) {
  Serve("gzip_static on;");

  const Answer answer = Get("/a.html", {kGzip});

  EXPECT_EQ(answer.body, "gzip");
  EXPECT_EQ(answer["Content-Type"], "text/html");
  EXPECT_EQ(answer["Content-Encoding"], "gzip");
  EXPECT_THAT(answer["ETag"], testing::StartsWith("\""));
  EXPECT_EQ(answer["Accept-Ranges"], "(none)");
  EXPECT_EQ(Get("/a.html").body, "plain");
  EXPECT_EQ(Get("/only.txt").status, 404);
}

TEST_F(PrecompressedTest, VaryIsSaidWhereThereIsAnother) {
  Serve("gzip_static on; gzip_vary on;");
  EXPECT_EQ(Get("/a.html", {kGzip})["Vary"], "Accept-Encoding");
  EXPECT_EQ(Get("/a.html")["Vary"], "Accept-Encoding");
  EXPECT_EQ(Get("/only.txt")["Vary"], "Accept-Encoding");
  folder.Write("b.html", "b");
  EXPECT_EQ(Get("/b.html", {kGzip})["Vary"], "(none)");
}

TEST_F(PrecompressedTest, TheClientsFavouriteWins) {
  Serve("gzip_static on; brotli_static on; zstd_static on;");
  const auto body = [&](std::string_view accepts) { return Get("/a.html", {{"Accept-Encoding", accepts}}).body; };
  EXPECT_EQ(body("gzip, deflate, br, zstd"), "brotli");
  EXPECT_EQ(body("gzip, zstd"), "zstd");
  EXPECT_EQ(body("gzip, zstd;q=0.5, br;q=0.5"), "gzip");
  EXPECT_EQ(body("deflate"), "plain");
}

TEST_F(PrecompressedTest, AlwaysIsForAll) {
  Serve("gzip_static always;");
  EXPECT_EQ(Get("/a.html").body, "gzip");
  EXPECT_EQ(Get("/a.html")["Vary"], "(none)");
}

TEST_F(PrecompressedTest, GunzipUnpacksForWhoDoesNotTakeIt) {
  Serve("gzip_static always; gunzip on; gzip_vary on;");

  const Answer answer = Get("/only.txt");

  EXPECT_EQ(answer.body, "all of it");
  EXPECT_EQ(answer["Content-Encoding"], "(none)");
  EXPECT_THAT(answer["ETag"], testing::StartsWith("W/\""));
  EXPECT_EQ(answer["Vary"], "Accept-Encoding");
  EXPECT_EQ(Get("/only.txt", {kGzip}).body, Pack("all of it"));
}

TEST_F(PrecompressedTest, ADamagedFileBreaksWithOneLineInTheLog) {
  Serve("gzip_static always; gunzip on;");
  folder.Write("cut.txt.gz", Pack(std::string(100'000, 'x')).substr(0, 100));

  EXPECT_EQ(Get("/a.html").pulled, Pulled::kBroken);
  EXPECT_EQ(Get("/cut.txt").pulled, Pulled::kBroken);

  const std::string log = ErrorLogText();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 2);
  EXPECT_THAT(log, HasSubstr("inflate() failed after 100 bytes of the response"));
}

TEST_F(PrecompressedTest, FoldersAndOtherMethodsAreNotItsBusiness) {
  Serve("gzip_static on;");
  std::filesystem::create_directories(folder / "sub.gz");
  folder.Write("sub", "plain");
  EXPECT_EQ(Get("/sub", {kGzip}).body, "plain");
  EXPECT_EQ(Ask("POST", "/only.txt", {kGzip}).status, 404);
}

TEST_F(PrecompressedTest, NotModifiedNamesNoCoding) {
  Serve("gzip_static on;");
  const Answer answer = Get("/a.html", {kGzip, {"If-None-Match", "*"}});
  EXPECT_EQ(answer.status, 304);
  EXPECT_EQ(answer["Content-Encoding"], "(none)");
}

}  // namespace
}  // namespace colmeia::modules
