// Forms of targets as clients send them are shown in tests/golden/http1/target.md; here is what that cannot show.
#include "http/uri.h"

#include <string>

#include <gtest/gtest.h>

namespace colmeia::http {
namespace {

class UriTest : public ::testing::Test {
 protected:
  std::string Normalize(std::string_view raw) {
    const std::optional<std::string_view> path = NormalizePath(raw, arena);
    return path ? std::string(*path) : "refused";
  }

  util::Arena arena;
};

TEST_F(UriTest, APlainPathIsNotCopied) {
  const std::string_view plain = "/a/b.c/d-e_f~g/";

  EXPECT_EQ(NormalizePath(plain, arena)->data(), plain.data());
}

TEST_F(UriTest, ResolvesDotSegments) {
  EXPECT_EQ(Normalize("/."), "/");
  EXPECT_EQ(Normalize("/./"), "/");
  EXPECT_EQ(Normalize("/a/.."), "/");
  EXPECT_EQ(Normalize("/a/../"), "/");
  EXPECT_EQ(Normalize("/a/b/../../c"), "/c");
  EXPECT_EQ(Normalize("/a/b/./../c/./"), "/a/c/");
  EXPECT_EQ(Normalize("/..a/b../.c/d."), "/..a/b../.c/d.");
  EXPECT_EQ(Normalize("/a/..."), "/a/...");
}

TEST_F(UriTest, RefusesToLeaveTheRoot) {
  for (const char* path : {"/..", "/../", "/./..", "//..", "/a/../..", "/a/../../a", "/%2e%2e", "/.%2e/", "/%2E./x",
                           "/a/%2e%2e%2f%2e%2e%2f"}) {
    EXPECT_EQ(Normalize(path), "refused") << path;
  }
}

TEST_F(UriTest, MergesSlashesHoweverTheyAreWritten) {
  EXPECT_EQ(Normalize("//"), "/");
  EXPECT_EQ(Normalize("///a//b///"), "/a/b/");
  EXPECT_EQ(Normalize("/a%2f%2F/b"), "/a/b");
}

TEST_F(UriTest, DecodesOnce) {
  EXPECT_EQ(Normalize("/%41%7a%7E"), "/Az~");
  EXPECT_EQ(Normalize("/%252e%252e/"), "/%2e%2e/");
  EXPECT_EQ(Normalize("/a%20b+c"), "/a b+c");
  EXPECT_EQ(Normalize("/%0a"), "/\n");
}

TEST_F(UriTest, RefusesBrokenEscapesAndNul) {
  for (const char* path : {"/%", "/%4", "/%4g", "/%g4", "/%%41", "/a%00", "/%00"}) {
    EXPECT_EQ(Normalize(path), "refused") << path;
  }
  EXPECT_EQ(Normalize(std::string_view("/a\0b", 4)), "refused");
}

TEST_F(UriTest, ConnectWantsHostAndPort) {
  Target target;

  EXPECT_FALSE(ParseTarget(Method::kConnect, "x:443", arena, target));
  EXPECT_EQ(target.form, TargetForm::kAuthority);
  EXPECT_EQ(target.authority, "x:443");
  EXPECT_EQ(ParseTarget(Method::kConnect, "x", arena, target).status, Status::kBadRequest);
  EXPECT_EQ(ParseTarget(Method::kConnect, "/x", arena, target).status, Status::kBadRequest);
}

TEST_F(UriTest, PathAndArgumentsEndAtANumberSign) {
  struct Case {
    std::string_view target, path, args;
  };
  for (const Case& one : {Case{"/a#b", "/a", ""}, Case{"/a?b#c", "/a", "b"}, Case{"/a#b?c", "/a", ""},
                          Case{"/#", "/", ""}, Case{"/a/..#/../..", "/", ""}, Case{"http://x/a?b#c", "/a", "b"}}) {
    Target target;
    EXPECT_FALSE(ParseTarget(Method::kGet, one.target, arena, target)) << one.target;
    EXPECT_EQ(target.path, one.path) << one.target;
    EXPECT_EQ(target.args, one.args) << one.target;
  }
}

TEST_F(UriTest, BytesAboveAsciiStayWhatTheyAre) {
  EXPECT_EQ(Normalize("/\xc3\xbc.txt"), "/\xc3\xbc.txt");
  EXPECT_EQ(Normalize("/a/../\xff"), "/\xff");
}

TEST_F(UriTest, AnEmptyTargetIsRefused) {
  Target target;

  EXPECT_EQ(ParseTarget(Method::kGet, "", arena, target).status, Status::kBadRequest);
}

}  // namespace
}  // namespace colmeia::http
