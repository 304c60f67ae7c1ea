#include "config/source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace colmeia::config {
namespace {

using testing::HasSubstr;

// main.conf: "a;\ninclude b; c;\n" with b.conf: "x;\n y;" in the middle.
Source TwoFiles() {
  return Source({{"/e/main.conf", "a;\ninclude b; c;\n"}, {"/e/b.conf", "x;\n y; # end"}},
                {{0, 0, 3}, {1, 0, 12}, {0, 13, 4}});
}

TEST(SourceTest, JoinsItsSegmentsWithLineFeeds) { EXPECT_EQ(TwoFiles().text(), "a;\n\nx;\n y; # end\n c;\n"); }

TEST(SourceTest, FindsThePlaceOfEachByte) {
  const Source source = TwoFiles();
  const auto place = [&](std::string_view word) {
    const Place at = source.Locate({static_cast<std::uint32_t>(source.text().find(word)), 1});
    return at.ToString() + ":" + std::to_string(at.column) + " " + std::string(at.line_text);
  };

  EXPECT_EQ(place("a"), "/e/main.conf:1:1 a;");
  EXPECT_EQ(place("x"), "/e/b.conf:1:1 x;");
  EXPECT_EQ(place("y"), "/e/b.conf:2:2  y; # end");
  EXPECT_EQ(place("c"), "/e/main.conf:2:12 include b; c;");
}

TEST(SourceTest, FindsThePlaceOfTheEnd) {
  const Source source = TwoFiles();

  const Place end = source.Locate({static_cast<std::uint32_t>(source.text().size()), 0});

  EXPECT_EQ(end.ToString(), "/e/main.conf:3");
  EXPECT_EQ(end.column, 1U);
}

TEST(SourceTest, KeepsTheMarkedRangeWithinItsLine) {
  const Source source = Source::FromText("f", "a 'b\nc';");

  EXPECT_EQ(source.Locate({2, 5}).length, 2U);
}

TEST(SourceTest, LeavesOutTheCarriageReturn) {
  const Source source = Source::FromText("f", "a;\r\nb;\r\n");

  EXPECT_EQ(source.Locate({4, 1}).line_text, "b;");
  EXPECT_EQ(source.Locate({4, 1}).line, 2U);
}

TEST(SourceTest, HasAPlaceEvenWhenEmpty) {
  EXPECT_EQ(Source().Locate({0, 0}).line, 0U);
  EXPECT_EQ(Source::FromText("f", "").Locate({0, 0}).ToString(), "f:1");
}

TEST(SourceTest, ComesBackFromItsSerialisedFormUnchanged) {
  Source source = TwoFiles();
  source.prefix = "/p/";
  source.conf_path = "/e/main.conf";
  source.error_log = "stderr";

  const Result<Source> copy = Source::Parse(source.Serialise());

  ASSERT_TRUE(copy) << copy.error().message;
  EXPECT_EQ(copy->text(), source.text());
  EXPECT_EQ(copy->prefix, "/p/");
  EXPECT_EQ(copy->conf_path, "/e/main.conf");
  EXPECT_EQ(copy->error_log, "stderr");
  EXPECT_EQ(copy->files().size(), 2U);
  for (std::uint32_t at = 0; at <= source.text().size(); ++at) {
    EXPECT_EQ(copy->Locate({at, 1}).ToString(), source.Locate({at, 1}).ToString());
    EXPECT_EQ(copy->Locate({at, 1}).column, source.Locate({at, 1}).column);
  }
  EXPECT_EQ(copy->Serialise(), source.Serialise());
}

TEST(SourceTest, SerialisesBytesOfAnyKind) {
  const std::string text("a\0\nend\nfile 1 1\n", 16);

  const Result<Source> copy = Source::Parse(Source::FromText("odd\nname", text).Serialise());

  ASSERT_TRUE(copy) << copy.error().message;
  EXPECT_EQ(copy->text(), text);
  EXPECT_EQ(copy->files()[0].path, "odd\nname");
}

TEST(SourceTest, SerialisesNothing) {
  const Result<Source> copy = Source::Parse(Source().Serialise());

  ASSERT_TRUE(copy) << copy.error().message;
  EXPECT_EQ(copy->text(), "");
}

TEST(SourceTest, RefusesEverySerialisedFormThatIsCutShort) {
  const std::string whole = TwoFiles().Serialise();

  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(Source::Parse(whole.substr(0, size))) << size;
  }
}

TEST(SourceTest, RefusesADamagedSerialisedForm) {
  const std::string whole = TwoFiles().Serialise();
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = whole;
    return Source::Parse(text.replace(text.find(from), from.size(), to));
  };

  EXPECT_THAT(with("colmeia-config 1", "colmeia-config 2").error().message, HasSubstr("another version"));
  EXPECT_THAT(with("segment 1", "segment 2").error().message, HasSubstr("segment of no file"));
  EXPECT_THAT(with("segment 0 13 4", "segment 0 13 5").error().message, HasSubstr("outside of its file"));
  EXPECT_THAT(with("segment 0 13 4", "segment 0 -1 4").error().message, HasSubstr("segment"));
  EXPECT_THAT(with("file 12", "file 13").error().message, HasSubstr("file"));
  EXPECT_THAT(Source::Parse(whole + "x").error().message, HasSubstr("end"));
}

}  // namespace
}  // namespace colmeia::config
