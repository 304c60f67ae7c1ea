#include "modules/compression.h"

#include <chrono>
#include <filesystem>
#include <string>

#include "coding/coder.h"
#include "modules/site_fixture.h"
#include "support/deadline.h"

namespace colmeia::modules {
namespace {

using testing::HasSubstr;

constexpr std::pair<std::string_view, std::string_view> kGzip{"Accept-Encoding", "gzip"};

std::string Unpack(const std::string& coded) {
  return coding::RunWhole(*coding::MakeGzipDecoder(), coded, 1 << 24).value_or("(not gzip)");
}

class CompressionTest : public SiteTest {
 protected:
  CompressionTest() {
    for (int i = 0; i < 400; ++i) text += "line " + std::to_string(i) + "\n";
    folder.Write("a.html", text);
    folder.Write("a.txt", text);
    folder.Write("tiny.html", std::string(19, 'x'));
  }
  std::string text;
};

TEST_F(CompressionTest, SaysWhatNginxSays) {
  Serve("gzip on;");

  const Answer answer = Get("/a.html", {kGzip});

  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(Unpack(answer.body), text);
  EXPECT_EQ(answer["Content-Encoding"], "gzip");
  EXPECT_THAT(answer["ETag"], testing::StartsWith("W/\""));
  EXPECT_EQ(answer["Accept-Ranges"], "(none)");
  EXPECT_EQ(answer["Vary"], "(none)");
  EXPECT_EQ(answer.pulled, pipeline::BodySource::Pulled::kLast);
}

TEST_F(CompressionTest, VaryIsSaidToAllWhoseResponseCouldBeAnother) {
  Serve("gzip on; gzip_vary on;");

  EXPECT_EQ(Get("/a.html", {kGzip})["Vary"], "Accept-Encoding");
  EXPECT_EQ(Get("/a.html")["Vary"], "Accept-Encoding");
  EXPECT_EQ(Get("/a.html")["Accept-Ranges"], "bytes");
  EXPECT_EQ(Get("/a.txt", {kGzip})["Vary"], "(none)");
  EXPECT_EQ(Get("/tiny.html", {kGzip})["Vary"], "(none)");
}

TEST_F(CompressionTest, HeadHasTheHeadOfGet) {
  Serve("gzip on;");
  const Answer answer = Ask("HEAD", "/a.html", {kGzip});
  EXPECT_EQ(answer["Content-Encoding"], "gzip");
  EXPECT_EQ(exchange.response.body.KnownLength(), std::nullopt);
}

TEST_F(CompressionTest, LeavesWhatItIsNotFor) {
  Serve("gzip on; location /moved { return 301 /x; } location /empty { return 204; }");
  for (const char* path : {"/a.txt", "/tiny.html", "/moved", "/empty"}) {
    EXPECT_EQ(Get(path, {kGzip})["Content-Encoding"], "(none)") << path;
  }
}

TEST_F(CompressionTest, PagesOfErrorsAndTextsAreCompressed) {
  Serve(
      "gzip on; gzip_types text/plain; location /no { return 403; } location /say { return 200 "
      "'a text that is long enough'; }");
  EXPECT_EQ(Get("/missing", {kGzip})["Content-Encoding"], "gzip");
  EXPECT_EQ(Get("/no", {kGzip})["Content-Encoding"], "gzip");
  EXPECT_EQ(Unpack(Get("/say", {kGzip}).body), "a text that is long enough");
}

TEST_F(CompressionTest, AStarMeansEveryType) {
  Serve("gzip on; gzip_types *;");
  EXPECT_EQ(Get("/a.txt", {kGzip})["Content-Encoding"], "gzip");
}

TEST_F(CompressionTest, TheClientsFavouriteWins) {
  Serve("gzip on; brotli on;");
  const auto coding = [&](std::string_view accepts) {
    return Get("/a.html", {{"Accept-Encoding", accepts}})["Content-Encoding"];
  };
  EXPECT_EQ(coding("gzip, br"), "br");
  EXPECT_EQ(coding("gzip, br;q=0.9"), "gzip");
  EXPECT_EQ(coding("gzip;q=0.5, br;q=0.9"), "br");
  EXPECT_EQ(coding("gzip;q=0, br;q=0"), "(none)");
  EXPECT_EQ(coding("deflate, zstd"), "(none)");
  EXPECT_EQ(coding("identity, gzip;q=0.5"), "(none)");
}

TEST_F(CompressionTest, OldVersionsAndProxiesGetGzipWhereItIsAllowed) {
  Serve(
      "gzip on; location /any/ { gzip_proxied any; } location /date/ { gzip_proxied expired no-cache; "
      "location /date/old { expires epoch; } location /date/later { expires 1d; } }");
  const auto through = [&](std::string_view path) {
    return Get(path, {kGzip, {"Via", "1.1 proxy"}})["Content-Encoding"];
  };
  EXPECT_EQ(through("/a.html"), "(none)");
  std::filesystem::create_directories(folder / "any");
  std::filesystem::create_directories(folder / "date");
  folder.Write("any/a.html", text);
  folder.Write("date/old.html", text);
  folder.Write("date/later.html", text);
  EXPECT_EQ(through("/any/a.html"), "gzip");
  EXPECT_EQ(through("/date/old.html"), "gzip");
  EXPECT_EQ(through("/date/later.html"), "(none)");
}

TEST_F(CompressionTest, SomeBrowsersGetNoGzip) {
  Serve("gzip on; gzip_disable msie6 \"Ancient.*/1\";");
  const auto with = [&](std::string_view agent) {
    return Get("/a.html", {kGzip, {"User-Agent", agent}})["Content-Encoding"];
  };
  EXPECT_EQ(with("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)"), "(none)");
  EXPECT_EQ(with("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)"), "gzip");
  EXPECT_EQ(with("Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 5.1)"), "gzip");
  EXPECT_EQ(with("ancient browser/1"), "(none)");
  EXPECT_EQ(with("new"), "gzip");
}

TEST_F(CompressionTest, WhatIsCodedAlreadyStaysAsItIs) {
  Serve("gzip on; location / { add_header Content-Encoding x; }");
  EXPECT_EQ(Get("/a.html", {kGzip}).body, text);
}

TEST_F(CompressionTest, TheRatioIsKnownAfterwards) {
  Configure("http { log_format ratio '$gzip_ratio'; access_log a.log ratio; server { listen 80; root " + folder.path() +
            "; gzip on; } }");
  Get("/a.html", {kGzip});
  Get("/a.html");
  std::size_t log = 0;
  while (!site->logs.at(log).path.ends_with("/a.log")) ++log;
  EXPECT_THAT(AccessLogText(log), testing::MatchesRegex("[2-9]\\.[0-9][0-9]\n-\n"));
}

TEST_F(CompressionTest, ARangeOfACodedBodyIsTheWhole) {
  Serve("gzip on;");
  const Answer answer = Get("/a.html", {kGzip, {"Range", "bytes=0-9"}});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(Unpack(answer.body), text);
}

TEST_F(CompressionTest, AFileThatIsAskedForAgainIsKept) {
  Serve("gzip on;");
  const auto deadline = std::chrono::steady_clock::now() + kTestDeadline;
  do {  // until the file has settled
    (void)Get("/a.html", {kGzip});
  } while (!exchange.response.body.KnownLength() && std::chrono::steady_clock::now() < deadline);

  const Answer answer = Get("/a.html", {kGzip});

  EXPECT_EQ(exchange.response.body.KnownLength(), answer.body.size());
  EXPECT_EQ(Unpack(answer.body), text);
  EXPECT_EQ(answer["Content-Encoding"], "gzip");
  EXPECT_THAT(answer["ETag"], testing::StartsWith("W/\""));
  EXPECT_THAT(answer["Last-Modified"], testing::EndsWith("GMT"));
  (void)Ask("HEAD", "/a.html", {kGzip});
  EXPECT_EQ(exchange.response.body.KnownLength(), answer.body.size());
}

TEST_F(CompressionTest, MistakesAreTold) {
  EXPECT_THAT(ErrorsOf("gzip_comp_level 10;"), HasSubstr("gzip_comp_level"));
  EXPECT_THAT(ErrorsOf("gzip_proxied sometimes;"), HasSubstr("invalid value \"sometimes\""));
  EXPECT_THAT(ErrorsOf("gzip_disable (;"), HasSubstr("gzip_disable ("));
  EXPECT_THAT(ErrorsOf("gzip_http_version 2;"), HasSubstr("gzip_http_version"));
  EXPECT_EQ(ErrorsOf("gzip_buffers 16 8k;"), "");
}

}  // namespace
}  // namespace colmeia::modules
