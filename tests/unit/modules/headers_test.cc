#include "modules/headers.h"

#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>

#include "modules/site_fixture.h"

namespace colmeia::modules {
namespace {

using testing::HasSubstr;

class HeadersTest : public SiteTest {
 protected:
  HeadersTest() {
    folder.Write("a", "x");
    std::filesystem::last_write_time(folder / "a", std::filesystem::file_time_type::clock::from_sys(
                                                       std::chrono::sys_seconds(std::chrono::seconds(1'794'996'400))));
  }
  // What a location with this `expires` says.
  std::string Expires(const std::string& arguments) {
    Serve("expires " + arguments + ";");
    const Answer answer = Get("/a?t=2h");
    return answer["Expires"] + " | " + answer["Cache-Control"];
  }
};

TEST_F(HeadersTest, AddsFieldsToGoodAnswers) {
  Serve("add_header X-Path \"at $uri\"; add_header X-Empty \"\"; add_header X-Always yes always;");
  const Answer good = Get("/a");
  EXPECT_EQ(good["X-Path"], "at /a");
  EXPECT_EQ(good["X-Empty"], "(none)");
  EXPECT_EQ(good["X-Always"], "yes");
  const Answer bad = Get("/none");
  EXPECT_EQ(bad["X-Path"], "(none)");
  EXPECT_EQ(bad["X-Always"], "yes");
}

TEST_F(HeadersTest, AddsFieldsToPartsAndRedirects) {
  std::filesystem::create_directory(folder / "d");
  Serve("add_header X-A b;");
  EXPECT_EQ(Get("/d")["X-A"], "b");
  EXPECT_EQ(Get("/a", {{"Range", "bytes=0-0"}})["X-A"], "b");
  EXPECT_EQ(Get("/a", {{"Range", "bytes=7-"}})["X-A"], "(none)");
}

TEST_F(HeadersTest, ReplacesTheFieldsOfOuterBlocks) {
  Serve("add_header X-Outer 1; location /a { add_header X-Inner 2; } location /b { alias " + (folder / "a") + "; }");
  EXPECT_EQ(Get("/a")["X-Outer"], "(none)");
  EXPECT_EQ(Get("/a")["X-Inner"], "2");
  EXPECT_EQ(Get("/b")["X-Outer"], "1");
}

TEST_F(HeadersTest, ReplacesFactsOfTheResponse) {
  Serve("add_header Last-Modified \"\"; add_header ETag \"\\\"own\\\"\"; add_header Content-Type text/x-own;");
  const Answer answer = Get("/a");
  EXPECT_EQ(answer["Last-Modified"], "(none)");
  EXPECT_EQ(answer["ETag"], "\"own\"");
  EXPECT_EQ(answer["Content-Type"], "text/x-own");
}

TEST_F(HeadersTest, ExpiresAfterATime) {
  EXPECT_EQ(Expires("1h"), "Wed, 18 Nov 2026 12:06:40 GMT | max-age=3600");
  EXPECT_EQ(Expires("0"), "Wed, 18 Nov 2026 11:06:40 GMT | max-age=0");
  EXPECT_EQ(Expires("-1"), "Wed, 18 Nov 2026 11:06:39 GMT | no-cache");
  EXPECT_EQ(Expires("$arg_t"), "Wed, 18 Nov 2026 13:06:40 GMT | max-age=7200");
}

TEST_F(HeadersTest, ExpiresAfterTheLastChange) {
  EXPECT_EQ(Expires("modified +2h"), "Wed, 18 Nov 2026 12:06:40 GMT | max-age=3600");
  EXPECT_EQ(Expires("modified 30m"), "Wed, 18 Nov 2026 10:36:40 GMT | no-cache");
}

TEST_F(HeadersTest, ExpiresAtATimeOfDay) {
  ASSERT_EQ(setenv("TZ", "UTC", 1), 0);
  tzset();
  EXPECT_EQ(Expires("@15h30m"), "Wed, 18 Nov 2026 15:30:00 GMT | max-age=15800");
  EXPECT_EQ(Expires("@10h"), "Thu, 19 Nov 2026 10:00:00 GMT | max-age=82400");
}

TEST_F(HeadersTest, ExpiresNeverOrLongAgo) {
  EXPECT_EQ(Expires("max"), "Thu, 31 Dec 2037 23:55:55 GMT | max-age=315360000");
  EXPECT_EQ(Expires("epoch"), "Thu, 01 Jan 1970 00:00:01 GMT | no-cache");
  EXPECT_EQ(Expires("off"), "(none) | (none)");
}

TEST_F(HeadersTest, KeepsAddedCacheControlBesideExpires) {
  Serve("expires 1h; add_header Cache-Control public;");
  const Answer answer = Get("/a");
  EXPECT_EQ(std::count_if(answer.fields.begin(), answer.fields.end(),
                          [](const auto& field) { return field.first == "Cache-Control"; }),
            2);
}

TEST_F(HeadersTest, RefusesFieldsThatFrameTheBody) {
  EXPECT_THAT(ErrorsOf("add_header Content-Length 5;"), HasSubstr("invalid value \"Content-Length\""));
  EXPECT_THAT(ErrorsOf("add_header \"X Y\" 5;"), HasSubstr("expected the name of a field"));
  EXPECT_THAT(ErrorsOf("add_header X-A b sometimes;"), HasSubstr("expected \"always\""));
}

TEST_F(HeadersTest, RefusesTimesThatAreNone) {
  EXPECT_THAT(ErrorsOf("expires soon;"), HasSubstr("expected a time"));
  EXPECT_THAT(ErrorsOf("expires @25h;"), HasSubstr("expected a time"));
  EXPECT_THAT(ErrorsOf("expires modified max;"), HasSubstr("expected a time"));
  EXPECT_THAT(ErrorsOf("expires 1000y;"), HasSubstr("expected a time"));
}

}  // namespace
}  // namespace colmeia::modules
