#include "http/mime.h"

#include <string>

#include <gtest/gtest.h>

namespace colmeia::http {
namespace {

TEST(MimeTypesTest, LooksAtTheLastExtensionInAnyCase) {
  MimeTypes types;
  types.Add("HTML", "text/html");
  types.Add("gz", "application/gzip");

  EXPECT_EQ(types.ForPath("/a/index.html"), "text/html");
  EXPECT_EQ(types.ForPath("INDEX.HtMl"), "text/html");
  EXPECT_EQ(types.ForPath("/a/b.tar.gz"), "application/gzip");
  EXPECT_EQ(types.ForExtension("gz"), "application/gzip");
}

TEST(MimeTypesTest, HasNoTypeForOtherPaths) {
  MimeTypes types;
  types.Add("html", "text/html");

  for (const char* path : {"", "/", "html", "/a.html/b", "/a.", "/a.htm", "."}) {
    EXPECT_EQ(types.ForPath(path), "") << path;
  }
  EXPECT_EQ(types.ForExtension(std::string(1000, 'x')), "");
}

TEST(MimeTypesTest, TellsExtensionsOfAllLengthsApart) {
  MimeTypes types;
  const std::string name = "Abcdefghijkl";
  for (std::size_t size = 1; size <= name.size(); ++size) types.Add(name.substr(0, size), std::to_string(size));
  types.Add(std::string_view("\0a", 2), "zero");

  for (std::size_t size = 1; size <= name.size(); ++size) {
    EXPECT_EQ(types.ForPath("/x." + name.substr(0, size)), std::to_string(size));
  }
  EXPECT_EQ(types.ForPath("/x.bcd"), "");
  EXPECT_EQ(types.ForExtension(std::string_view("\0a", 2)), "zero");
  EXPECT_EQ(types.size(), name.size() + 1);
}

TEST(MimeTypesTest, ALaterEntryReplacesAnEarlierOne) {
  MimeTypes types;

  EXPECT_FALSE(types.Add("js", "application/javascript"));
  EXPECT_TRUE(types.Add("js", "text/javascript"));

  EXPECT_EQ(types.ForPath("a.js"), "text/javascript");
}

TEST(MimeTypesTest, DefaultsAreNginxOnes) {
  const MimeTypes types = MimeTypes::Defaults();

  EXPECT_EQ(types.size(), 3U);
  EXPECT_EQ(types.ForPath("/a.jpg"), "image/jpeg");
}

}  // namespace
}  // namespace colmeia::http
