#include "modules/ranges.h"

#include "modules/site_fixture.h"

namespace colmeia::modules {
namespace {

using testing::HasSubstr;

class RangesTest : public SiteTest {
 protected:
  RangesTest() { folder.Write("a.html", "0123456789"); }
};

TEST_F(RangesTest, SendsOnePart) {
  Serve("");
  const Answer answer = Get("/a.html", {{"Range", "bytes=2-4"}});
  EXPECT_EQ(answer.status, 206);
  EXPECT_EQ(answer.body, "234");
  EXPECT_EQ(answer["Content-Range"], "bytes 2-4/10");
  EXPECT_EQ(answer["Content-Type"], "text/html");
  EXPECT_EQ(answer["Accept-Ranges"], "(none)");
  EXPECT_EQ(Get("/a.html", {{"Range", "bytes=-3"}}).body, "789");
  EXPECT_EQ(Get("/a.html", {{"Range", "bytes=8-"}}).body, "89");
}

TEST_F(RangesTest, SendsSeveralParts) {
  Serve("");
  const Answer answer = Get("/a.html", {{"Range", "bytes=0-1, -2"}});
  EXPECT_EQ(answer.status, 206);
  const std::string type = answer["Content-Type"];
  ASSERT_THAT(type, testing::StartsWith("multipart/byteranges; boundary="));
  const std::string boundary = type.substr(type.find('=') + 1);
  EXPECT_EQ(boundary.size(), 20u);
  EXPECT_EQ(answer.body, "\r\n--" + boundary +
                             "\r\nContent-Type: text/html\r\nContent-Range: bytes 0-1/10\r\n\r\n01\r\n--" + boundary +
                             "\r\nContent-Type: text/html\r\nContent-Range: bytes 8-9/10\r\n\r\n89\r\n--" + boundary +
                             "--\r\n");
  EXPECT_EQ(answer["Content-Range"], "(none)");
}

TEST_F(RangesTest, CutsLargeFilesToo) {
  folder.Write("large", std::string(100'000, 'x') + "end");
  Serve("");
  const Answer answer = Get("/large", {{"Range", "bytes=99999-"}});
  EXPECT_EQ(answer.body, "xend");
  EXPECT_FALSE(exchange.response.body.pieces()[0].in_memory());
}

TEST_F(RangesTest, TellsTheSizeWhenNothingFits) {
  Serve("");
  const Answer answer = Get("/a.html", {{"Range", "bytes=10-"}});
  EXPECT_EQ(answer.status, 416);
  EXPECT_EQ(answer["Content-Range"], "bytes */10");
  EXPECT_THAT(answer.body, HasSubstr("416 Requested Range Not Satisfiable"));
  EXPECT_EQ(answer["ETag"], "(none)");
}

TEST_F(RangesTest, SendsTheWholeWhenTheCopyIsAnother) {
  Serve("");
  const std::string tag = Get("/a.html")["ETag"];
  EXPECT_EQ(Get("/a.html", {{"Range", "bytes=0-1"}, {"If-Range", tag}}).status, 206);
  EXPECT_EQ(Get("/a.html", {{"Range", "bytes=0-1"}, {"If-Range", "\"other\""}}).status, 200);
}

TEST_F(RangesTest, SendsTheWholeToHeadAndForOtherUnits) {
  Serve("");
  EXPECT_EQ(Ask("HEAD", "/a.html", {{"Range", "bytes=0-1"}}).status, 200);
  EXPECT_EQ(Get("/a.html", {{"Range", "bees=0-1"}}).status, 200);
}

TEST_F(RangesTest, LimitsHowManyThereAre) {
  Serve("location / { max_ranges 1; } location /off { max_ranges 0; alias " + (folder / "a.html") + "; }");
  EXPECT_EQ(Get("/a.html", {{"Range", "bytes=0-1"}}).status, 206);
  EXPECT_EQ(Get("/a.html", {{"Range", "bytes=0-1,3-4"}}).status, 200);
  EXPECT_EQ(Get("/off", {{"Range", "bytes=0-1"}}).status, 200);
  EXPECT_EQ(Get("/off")["Accept-Ranges"], "(none)");
}

TEST_F(RangesTest, AreNotForErrorPages) {
  Serve("error_page 404 /a.html;");
  const Answer answer = Get("/none", {{"Range", "bytes=0-1"}});
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.body, "0123456789");
  EXPECT_EQ(answer["Accept-Ranges"], "(none)");
}

TEST_F(RangesTest, WhatCannotBeHadMayHaveAnErrorPage) {
  folder.Write("page", "page");
  Serve("error_page 416 /page; add_header X-Tag once always;");
  Answer answer = Get("/a.html", {{"Range", "bytes=10-"}});
  EXPECT_EQ(answer.status, 416);
  EXPECT_EQ(answer.body, "page");
  EXPECT_EQ(answer["Content-Range"], "bytes */10");
  EXPECT_EQ(answer["Accept-Ranges"], "(none)");
  EXPECT_EQ(answer["X-Tag"], "once");
  Serve("error_page 416 =404 /page;");
  answer = Get("/a.html", {{"Range", "bytes=10-"}});
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer["Content-Range"], "(none)");
  Serve("error_page 416 https://example.org/;");
  answer = Get("/a.html", {{"Range", "bytes=10-"}});
  EXPECT_EQ(answer.status, 302);
  EXPECT_EQ(answer["Content-Range"], "(none)");
}

}  // namespace
}  // namespace colmeia::modules
