#include "modules/charset.h"

#include "modules/site_fixture.h"

namespace colmeia::modules {
namespace {

using testing::HasSubstr;

class CharsetTest : public SiteTest {
 protected:
  CharsetTest() {
    for (const char* name : {"a.html", "a.css", "a.xml", "a.txt", "a.typed"}) folder.Write(name, "0123456789");
  }
  // What Content-Type says of a path below these directives.
  std::string TypeOf(const std::string& directives, const std::string& path) {
    Serve(
        "types { text/html html; text/css css; text/xml xml; text/plain txt; \"text/html; charset=koi8-r\" typed; } " +
        directives);
    return Get(path)["Content-Type"];
  }
};

TEST_F(CharsetTest, IsOffByDefaultAndWhereToldSo) {
  EXPECT_EQ(TypeOf("", "/a.html"), "text/html");
  EXPECT_EQ(TypeOf("charset utf-8; location / { charset off; }", "/a.html"), "text/html");
}

TEST_F(CharsetTest, IsNamedForTexts) {
  EXPECT_EQ(TypeOf("charset utf-8;", "/a.html"), "text/html; charset=utf-8");
  EXPECT_EQ(TypeOf("charset koi8-r;", "/a.xml"), "text/xml; charset=koi8-r");
  EXPECT_EQ(TypeOf("charset utf-8;", "/a.txt"), "text/plain; charset=utf-8");
  EXPECT_EQ(TypeOf("charset utf-8;", "/a.css"), "text/css");
  EXPECT_EQ(TypeOf("charset utf-8;", "/a.typed"), "text/html; charset=koi8-r");
}

TEST_F(CharsetTest, TypesCanBeChosen) {
  EXPECT_EQ(TypeOf("charset utf-8; charset_types text/css;", "/a.css"), "text/css; charset=utf-8");
  EXPECT_EQ(TypeOf("charset utf-8; charset_types TEXT/CSS;", "/a.css"), "text/css; charset=utf-8");
  EXPECT_EQ(TypeOf("charset utf-8; charset_types text/css;", "/a.html"), "text/html; charset=utf-8");
  EXPECT_EQ(TypeOf("charset utf-8; charset_types text/css;", "/a.txt"), "text/plain");
  EXPECT_EQ(TypeOf("charset utf-8; charset_types *;", "/a.css"), "text/css; charset=utf-8");
}

TEST_F(CharsetTest, MayBeAVariable) {
  EXPECT_EQ(TypeOf("charset $arg_c;", "/a.html?c=windows-1251"), "text/html; charset=windows-1251");
  EXPECT_EQ(TypeOf("charset $arg_c;", "/a.html"), "text/html");
  EXPECT_EQ(TypeOf("charset $arg_c; location / { charset utf-8; }", "/a.html?c=x"), "text/html; charset=utf-8");
}

TEST_F(CharsetTest, IsSaidOfErrorPagesRedirectsAndTexts) {
  EXPECT_EQ(TypeOf("charset utf-8;", "/none"), "text/html; charset=utf-8");
  EXPECT_EQ(TypeOf("charset utf-8; location / { return 200 hello; }", "/"), "text/plain; charset=utf-8");
  EXPECT_EQ(TypeOf("charset utf-8; location / { return 301 /x; }", "/"), "text/html; charset=utf-8");
  EXPECT_EQ(TypeOf("charset utf-8; location / { return 204; }", "/"), "(none)");
}

TEST_F(CharsetTest, IsSaidOfPartsAndOfWhatCannotBeCut) {
  Serve("charset utf-8;");
  EXPECT_EQ(Get("/a.html", {{"Range", "bytes=0-1"}})["Content-Type"], "text/html; charset=utf-8");
  EXPECT_THAT(Get("/a.html", {{"Range", "bytes=0-1,3-4"}}).body,
              HasSubstr("\r\nContent-Type: text/html; charset=utf-8\r\n"));
  EXPECT_EQ(Get("/a.html", {{"Range", "bytes=99-"}})["Content-Type"], "text/html; charset=utf-8");
  EXPECT_EQ(Get("/a.html", {{"If-None-Match", "*"}})["Content-Type"], "(none)");
}

TEST_F(CharsetTest, NothingIsConverted) {
  EXPECT_EQ(TypeOf("charset utf-8; override_charset on;", "/a.typed"), "text/html; charset=koi8-r");
  EXPECT_THAT(ErrorLogText(), HasSubstr("no \"charset_map\" between the charsets \"koi8-r\" and \"utf-8\""));
  EXPECT_EQ(TypeOf("charset utf-8; override_charset on;", "/a.html"), "text/html; charset=utf-8");
}

}  // namespace
}  // namespace colmeia::modules
