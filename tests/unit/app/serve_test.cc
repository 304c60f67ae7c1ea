#include "app/serve.h"

#include <gmock/gmock.h>

#include "app/mime_types.h"

namespace colmeia::app {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string ErrorOf(const std::vector<std::string>& arguments) {
  const auto line = ParseServeLine(arguments);
  return line ? "no error" : line.error().message;
}

TEST(ServeLineTest, AFolderIsEnough) {
  const auto line = ParseServeLine({"site"});

  ASSERT_TRUE(line);
  EXPECT_EQ(line->folder, "site");
  EXPECT_EQ(line->listen, "");
  EXPECT_FALSE(line->listing);
}

TEST(ServeLineTest, OptionsStandAnywhere) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--listen", "127.0.0.1:9000", "--listing", "site"},
        {"site", "--listing", "--listen=127.0.0.1:9000"}}) {
    const auto line = ParseServeLine(arguments);
    ASSERT_TRUE(line) << line.error().message;
    EXPECT_EQ(line->folder, "site");
    EXPECT_EQ(line->listen, "127.0.0.1:9000");
    EXPECT_TRUE(line->listing);
  }
}

TEST(ServeLineTest, AFolderMayBeginWithADash) {
  const auto line = ParseServeLine({"--", "-site"});

  ASSERT_TRUE(line);
  EXPECT_EQ(line->folder, "-site");
}

TEST(ServeLineTest, WhatIsWrongIsNamed) {
  EXPECT_THAT(ErrorOf({}), HasSubstr("needs a folder"));
  EXPECT_THAT(ErrorOf({""}), HasSubstr("is no folder"));
  EXPECT_THAT(ErrorOf({"a", "b"}), HasSubstr("\"a\" or \"b\""));
  EXPECT_THAT(ErrorOf({"a", "--listing=on"}), HasSubstr("invalid option: \"--listing=on\""));
  EXPECT_THAT(ErrorOf({"a", "-x"}), HasSubstr("invalid option: \"-x\""));
  EXPECT_THAT(ErrorOf({"a", "--listen"}), HasSubstr("requires ADDR"));
  EXPECT_THAT(ErrorOf({"a", "--listen", "127.0.0.1:x"}), HasSubstr("127.0.0.1:x"));
  EXPECT_THAT(ErrorOf({"a", "--listen", "127.0.0.1:0"}), Not(HasSubstr("no error")));
}

TEST(ServeDirectivesTest, APathIsOneWordWhateverItHolds) {
  const std::string text = ServeDirectives("/a \"b\\;{", "127.0.0.1:80", false, "");

  EXPECT_THAT(text, HasSubstr(R"(root "/a \"b\\;{";)"));
  EXPECT_THAT(text, Not(HasSubstr("autoindex")));
  EXPECT_THAT(text, Not(HasSubstr("user ")));
}

TEST(ServeDirectivesTest, ListingAndUserAreSaidWhenAskedFor) {
  const std::string text = ServeDirectives("/a", "80", true, "www www");

  EXPECT_THAT(text, HasSubstr("autoindex on;"));
  EXPECT_THAT(text, HasSubstr("user www www;"));
  EXPECT_THAT(text, HasSubstr(std::string(MimeTypes())));
}

TEST(UrlOfTest, IsWhatABrowserTakes) {
  EXPECT_EQ(UrlOf("0.0.0.0:8080"), "http://localhost:8080/");
  EXPECT_EQ(UrlOf("[::]:80"), "http://localhost/");
  EXPECT_EQ(UrlOf("127.0.0.1:8080"), "http://127.0.0.1:8080/");
  EXPECT_EQ(UrlOf("[::1]:8080"), "http://[::1]:8080/");
  EXPECT_EQ(UrlOf("unix:/run/x"), "unix:/run/x");
}

}  // namespace
}  // namespace colmeia::app
