#include "config/diagnostic.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace colmeia::config {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

std::string RenderAt(std::string text, std::uint32_t offset, std::uint32_t length, std::string message = "wrong") {
  const Source source = Source::FromText("f", std::move(text));
  Diagnostics diagnostics;
  diagnostics.Error(source.Locate({offset, length}), std::move(message));
  return diagnostics.Render();
}

TEST(DiagnosticTest, ShowsPlaceLineAndCaret) {
  EXPECT_EQ(RenderAt("a;\n    gzip_levle 6;\n", 7, 10, "no"), "f:2:5: no\n    gzip_levle 6;\n    ^~~~~~~~~~\n");
}

TEST(DiagnosticTest, MarksTheEndOfALine) { EXPECT_EQ(RenderAt("ab", 2, 0), "f:1:3: wrong\nab\n  ^\n"); }

TEST(DiagnosticTest, KeepsTabsBeforeTheCaret) {
  EXPECT_EQ(RenderAt("\ta\tb;", 3, 1), "f:1:4: wrong\n\ta\tb;\n\t \t^\n");
}

TEST(DiagnosticTest, CountsCharactersAndNotBytesBeforeTheCaret) {
  EXPECT_EQ(RenderAt("\xc3\xa9 \xc3\xa9x;", 3, 3), "f:1:4: wrong\n\xc3\xa9 \xc3\xa9x;\n  ^~\n");
}

TEST(DiagnosticTest, LetsNoControlCharacterThrough) {
  EXPECT_EQ(RenderAt("a\x1b[2J;", 0, 1, "bad \x1b\n\t\x7f"), "f:1:1: bad \\x1b\\n\\t\\x7f\na?[2J;\n^\n");
}

TEST(DiagnosticTest, ShowsTheNeighbourhoodOfTheMarkInALongLine) {
  const std::string text = std::string(500, 'x') + " here " + std::string(500, 'y');

  const std::string out = RenderAt(text, 501, 4);

  EXPECT_EQ(out, "f:1:502: wrong\n" + std::string(59, 'x') + " here " + std::string(135, 'y') + "\n" +
                     std::string(60, ' ') + "^~~~\n");
}

TEST(DiagnosticTest, SaysWarnings) {
  const Source source = Source::FromText("f", "a;");
  Diagnostics diagnostics;

  diagnostics.Warn(source.Locate({0, 1}), "odd");

  EXPECT_EQ(diagnostics.Render(), "f:1:1: warning: odd\na;\n^\n");
  EXPECT_FALSE(diagnostics.HasErrors());
}

TEST(DiagnosticTest, SaysMistakesWithoutAPlace) {
  Diagnostics diagnostics;

  diagnostics.Error("no file");

  EXPECT_EQ(diagnostics.Render(), "no file\n");
  EXPECT_TRUE(diagnostics.HasErrors());
}

TEST(DiagnosticTest, SortsByPosition) {
  const Source source = Source::FromText("f", "a\nb\nc\n");
  Diagnostics diagnostics;
  diagnostics.Error(source.Locate({4, 1}), "third");
  diagnostics.Error(source.Locate({0, 1}), "first");
  diagnostics.Error(source.Locate({2, 1}), "second");

  EXPECT_EQ(diagnostics.Render(), "f:1:1: first\na\n^\nf:2:1: second\nb\n^\nf:3:1: third\nc\n^\n");
}

TEST(DiagnosticTest, ShowsTwentyAndCountsTheRest) {
  Diagnostics diagnostics;
  for (int i = 0; i < 23; ++i) diagnostics.Error("mistake " + std::to_string(i));

  EXPECT_THAT(diagnostics.Render(), HasSubstr("mistake 19\n"));
  EXPECT_THAT(diagnostics.Render(), EndsWith("mistake 19\nand 3 more\n"));
}

TEST(DiagnosticTest, WarningsDoNotHideErrors) {
  Diagnostics diagnostics;
  for (int i = 0; i < 30; ++i) diagnostics.Warn({}, "careful " + std::to_string(i));
  diagnostics.Error("mistake");

  EXPECT_THAT(diagnostics.Render(), HasSubstr("careful 18\nmistake\nand 11 more\n"));
}

TEST(DiagnosticTest, TellsWhatDoesNothingInOneLineAtTheEnd) {
  Diagnostics diagnostics;
  diagnostics.Ignored("load_module");
  diagnostics.Ignored("lock_file");
  diagnostics.Ignored("load_module");
  diagnostics.Error("mistake");

  EXPECT_EQ(diagnostics.Render(),
            "mistake\nwarning: accepted, and without effect in colmeia: load_module (2), lock_file\n");
}

TEST(DiagnosticTest, ShowsWhatNobodySees) {
  const Source source = Source::FromText("f", "a\u200bb\u00a0;");
  Diagnostics diagnostics;
  diagnostics.Error(source.Locate({1, 3}), "in \"a\u200bb\u00a0\"");

  EXPECT_EQ(diagnostics.Render(), "f:1:2: in \"a\\u{200b}b\\u{a0}\"\na?b?;\n ^\n");
}

TEST(DiagnosticTest, OutlivesItsSource) {
  Diagnostics diagnostics;
  {
    const Source source = Source::FromText("a file with a long name, not stored in place", "text of the file;");
    diagnostics.Error(source.Locate({0, 4}), "wrong");
  }

  EXPECT_EQ(diagnostics.Render(), "a file with a long name, not stored in place:1:1: wrong\ntext of the file;\n^~~~\n");
}

TEST(DiagnosticTest, ShortensLongWords) {
  EXPECT_EQ(Quoted("a"), "\"a\"");
  EXPECT_EQ(Quoted(std::string(101, 'a')), "\"" + std::string(100, 'a') + "...\"");
}

}  // namespace
}  // namespace colmeia::config
