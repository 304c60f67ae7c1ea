#include "http/escape.h"

#include <gtest/gtest.h>

#include "http/uri.h"

namespace colmeia::http {
namespace {

std::string EscapeUri(std::string_view path) {
  std::string out;
  AppendEscapedUri(path, out);
  return out;
}

TEST(EscapeTest, UriKeepsPathsReadable) {
  EXPECT_EQ(EscapeUri("/a/b:c+d&e=f"), "/a/b:c+d&e=f");
  EXPECT_EQ(EscapeUri("/a b?c#d%e"), "/a%20b%3Fc%23d%25e");
  EXPECT_EQ(EscapeUri("/\xc3\xa9\r\n\x7f"), "/%C3%A9%0D%0A%7F");
  EXPECT_EQ(EscapeUri("\"<>\\^`{|}"), "%22%3C%3E%5C%5E%60%7B%7C%7D");
}

TEST(EscapeTest, UriIsReadBackUnchanged) {
  std::string every = "/";
  for (int c = 1; c < 256; ++c) {
    if (c != '/' && c != '.') every.push_back(static_cast<char>(c));
  }
  util::Arena arena;

  EXPECT_EQ(NormalizePath(EscapeUri(every), arena), every);
}

TEST(EscapeTest, ComponentHidesWhatCouldBeAScheme) {
  std::string out;

  AppendEscapedComponent("a:b&c+d/e;f=\"", out);

  EXPECT_EQ(out, "a%3Ab%26c%2Bd/e%3Bf%3D%22");
}

TEST(EscapeTest, HtmlHasNoMarkupLeft) { EXPECT_EQ(EscapeHtml("<a b=\"c\">&'"), "&lt;a b=&quot;c&quot;&gt;&amp;'"); }

TEST(EscapeTest, EscapesAValueAmongArguments) {
  std::string out;
  AppendEscapedArgument("a b&c+d;e=f/%?#\xc3", out);
  EXPECT_EQ(out, "a%20b%26c%2Bd%3Be=f/%25%3F%23%C3");
}

// Each as nginx leaves it in a Location.
TEST(EscapeTest, UnescapesARedirect) {
  const std::pair<const char*, const char*> cases[] = {
      {"/a%41b", "/aAb"},     {"/a%20b%25%0d%7f%c3", "/a%20b%25%0d%7f%c3"},
      {"/%3a%2F%26", "/:/&"}, {"/a?%41", "/a?%41"},
      {"/%3f%41", "/?%41"},   {"/%zz%", "/zz"},
      {"/%4z", "/"},          {"", ""},
  };
  for (const auto& [url, expected] : cases) EXPECT_EQ(UnescapeRedirect(url), expected) << url;
}

}  // namespace
}  // namespace colmeia::http
