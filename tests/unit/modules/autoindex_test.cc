#include "modules/autoindex.h"

#include <filesystem>

#include "modules/site_fixture.h"

namespace colmeia::modules {
namespace {

using testing::HasSubstr;

class AutoindexTest : public SiteTest {
 protected:
  AutoindexTest() {
    std::filesystem::create_directory(folder / "d");
    std::filesystem::create_directory(folder / "d/zoo");
    Date("d/zoo");
  }
  void Make(const std::string& name, std::string_view text) {
    folder.Write(name, text);
    Date(name);
  }
  void Date(const std::string& name) {
    std::filesystem::last_write_time(folder / name, std::filesystem::file_time_type::clock::from_sys(
                                                        std::chrono::sys_seconds(std::chrono::seconds(784111777))));
  }
};

TEST_F(AutoindexTest, ListsFoldersFirstAsNginxDoes) {
  Make("d/b.txt", "12345");
  Make("d/a<b>&.txt", "");
  Make("d/.hidden", "x");
  Serve("autoindex on;");

  const Answer answer = Get("/d/");

  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer["Content-Type"], "text/html; charset=utf-8");
  EXPECT_EQ(
      answer.body,
      "<html>\r\n<head><title>Index of /d/</title></head>\r\n<body>\r\n<h1>Index of /d/</h1><hr><pre>"
      "<a href=\"../\">../</a>\r\n"
      "<a href=\"zoo/\">zoo/</a>                                               06-Nov-1994 08:49                   -"
      "\r\n"
      "<a href=\"a%3Cb%3E%26.txt\">a&lt;b&gt;&amp;.txt</a>"
      "                                          06-Nov-1994 08:49                   0\r\n"
      "<a href=\"b.txt\">b.txt</a>                                              06-Nov-1994 08:49                   5"
      "\r\n"
      "</pre><hr></body>\r\n</html>\r\n");
}

TEST_F(AutoindexTest, CutsLongNamesByCharacters) {
  const std::string fifty_one = std::string(46, 'x') + "\u00e9" + "abcd";
  Make("d/" + fifty_one, "");
  Serve("autoindex on;");
  EXPECT_THAT(Get("/d/").body, HasSubstr(">" + std::string(46, 'x') + "\u00e9..&gt;</a> 06-Nov-1994"));
}

TEST_F(AutoindexTest, RoundsSizesOnRequest) {
  Make("d/a", std::string(9999, 'x'));
  Make("d/b", std::string(10000, 'x'));
  std::filesystem::resize_file(folder / "d/b", 1536 * 1024);
  Make("d/c", "");
  std::filesystem::resize_file(folder / "d/c", std::uintmax_t{5} << 30);
  Serve("autoindex on; autoindex_exact_size off;");
  const std::string body = Get("/d/").body;
  EXPECT_THAT(body, HasSubstr("    9999\r\n"));
  EXPECT_THAT(body, HasSubstr("      2M\r\n"));
  EXPECT_THAT(body, HasSubstr("      5G\r\n"));
  EXPECT_THAT(body, HasSubstr("08:49       -\r\n"));
}

TEST_F(AutoindexTest, SpeaksJson) {
  Make("d/a\"b", "123");
  Serve("autoindex on; autoindex_format json;");
  const Answer answer = Get("/d/");
  EXPECT_EQ(answer["Content-Type"], "application/json");
  EXPECT_EQ(answer.body,
            "[\r\n{ \"name\":\"zoo\", \"type\":\"directory\", \"mtime\":\"Sun, 06 Nov 1994 08:49:37 GMT\" },\r\n"
            "{ \"name\":\"a\\\"b\", \"type\":\"file\", \"mtime\":\"Sun, 06 Nov 1994 08:49:37 GMT\", \"size\":3 }\r\n]");
}

TEST_F(AutoindexTest, SpeaksXml) {
  Make("d/a&b", "123");
  Serve("autoindex on; autoindex_format xml;");
  const Answer answer = Get("/d/");
  EXPECT_EQ(answer["Content-Type"], "text/xml; charset=utf-8");
  EXPECT_EQ(answer.body,
            "<?xml version=\"1.0\"?>\r\n<list>\r\n"
            "<directory mtime=\"1994-11-06T08:49:37Z\">zoo</directory>\r\n"
            "<file mtime=\"1994-11-06T08:49:37Z\" size=\"3\">a&amp;b</file>\r\n</list>\r\n");
}

TEST_F(AutoindexTest, SpeaksJsonToAFunction) {
  std::filesystem::remove(folder / "d/zoo");
  Serve("autoindex on; autoindex_format jsonp;");
  const Answer called = Get("/d/?a=b&callback=my.list_1");
  EXPECT_EQ(called["Content-Type"], "application/javascript; charset=utf-8");
  EXPECT_EQ(called.body, "/* callback */\r\nmy.list_1([\r\n]);");
  const Answer plain = Get("/d/?callback=");
  EXPECT_EQ(plain["Content-Type"], "application/json");
  EXPECT_EQ(plain.body, "[\r\n]");
  EXPECT_EQ(Get("/d/?callback=alert(1)").status, 400);
  EXPECT_EQ(Get("/d/?callback=" + std::string(129, 'a')).status, 400);
}

// The names are UTF-8; an operator who says otherwise knows better.
TEST_F(AutoindexTest, SaysItsCharsetUnlessToldAnotherOne) {
  Make("d/\xc3\xbc.txt", "x");
  Serve("autoindex on; location /d/ { charset koi8-r; }");
  EXPECT_EQ(Get("/d/")["Content-Type"], "text/html; charset=koi8-r");
  Serve("autoindex on; charset off;");
  EXPECT_EQ(Get("/d/")["Content-Type"], "text/html; charset=utf-8");
  EXPECT_THAT(Get("/d/").body, HasSubstr("<a href=\"%C3%BC.txt\">\xc3\xbc.txt</a>"));
  Serve("autoindex on; autoindex_format xml; charset koi8-r;");
  EXPECT_EQ(Get("/d/")["Content-Type"], "text/xml; charset=utf-8");
}

TEST_F(AutoindexTest, GivesWayToAnIndex) {
  Make("d/index.html", "index");
  Serve("autoindex on;");
  EXPECT_EQ(Get("/d/").body, "index");
}

TEST_F(AutoindexTest, ListsBehindTheAliasOfARegexLocation) {
  Make("d/zoo/bee", "");
  Serve("location ~ ^/m/(.*)$ { alias " + folder.path() + "/d/$1; autoindex on; }");
  EXPECT_THAT(Get("/m/").body, HasSubstr("zoo/"));
  EXPECT_THAT(Get("/m/zoo/").body, HasSubstr("bee"));
  EXPECT_EQ(Get("/m/none/").status, 404);
}

TEST_F(AutoindexTest, IsOffByDefaultAndWhereToldSo) {
  Serve("autoindex on; location /d/ { autoindex off; }");
  EXPECT_EQ(Get("/d/").status, 403);
  EXPECT_EQ(Get("/").status, 200);
}

TEST_F(AutoindexTest, EscapesThePathInItsTitle) {
  std::filesystem::create_directory(folder / "<x>");
  Serve("autoindex on;");
  EXPECT_THAT(Get("/<x>/").body, HasSubstr("<h1>Index of /&lt;x&gt;/</h1>"));
}

}  // namespace
}  // namespace colmeia::modules
