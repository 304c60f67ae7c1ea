#include "lab/catalogue.h"

#include <filesystem>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lab/command_line.h"
#include "sys/files.h"

namespace colmeia::lab {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;

std::vector<std::string_view> NamesOf(const std::vector<const Exhibit*>& exhibits) {
  std::vector<std::string_view> names;
  for (const Exhibit* exhibit : exhibits) names.push_back(exhibit->name);
  return names;
}

TEST(CatalogueTest, HoldsEveryFormThatACourseNames) {
  const auto names = NamesOf(*Choose({"all"}));

  for (const char* const name : {"signal",
                                 "signalfd",
                                 "pipe",
                                 "named-pipe",
                                 "unix-stream",
                                 "unix-datagram",
                                 "unix-seqpacket",
                                 "descriptor",
                                 "tcp",
                                 "http",
                                 "file-inotify",
                                 "file-lock",
                                 "futex-threads",
                                 "futex-processes",
                                 "eventfd",
                                 "thread",
                                 "fork-small",
                                 "fork-large",
                                 "exec",
                                 "frame",
                                 "line",
                                 "json",
                                 "loop-io",
                                 "loop-blocked",
                                 "loop-pool",
                                 "loop-workers",
                                 "race",
                                 "race-atomic",
                                 "race-mutex",
                                 "accept-exclusive",
                                 "accept-shared",
                                 "accept-reuseport",
                                 "accept-mutex",
                                 "accept-handoff"}) {
    EXPECT_THAT(names, Contains(name));
  }
}

TEST(CatalogueTest, EveryExhibitIsComplete) {
  std::set<std::string_view> names;
  for (const Exhibit& exhibit : Catalogue()) {
    EXPECT_TRUE(names.insert(exhibit.name).second) << exhibit.name;
    EXPECT_FALSE(exhibit.title.empty()) << exhibit.name;
    EXPECT_FALSE(exhibit.what.empty()) << exhibit.name;
    EXPECT_NE(exhibit.family, nullptr) << exhibit.name;
    EXPECT_TRUE(exhibit.run) << exhibit.name;
  }
}

TEST(CatalogueTest, ChartsShowColumnsThatTheirFamilyHas) {
  for (const Family* family : Families()) {
    std::set<std::string_view> keys;
    for (const Column& column : family->columns) EXPECT_TRUE(keys.insert(column.key).second) << column.key;
    for (const Chart& chart : family->charts) {
      EXPECT_TRUE(keys.contains(chart.value)) << chart.title;
      EXPECT_TRUE(chart.upto.empty() || keys.contains(chart.upto)) << chart.title;
      // One sentence, which says which way is better.
      EXPECT_THAT(std::string(chart.tells),
                  AllOf(MatchesRegex("(Shorter|Longer) is better.*\\."), Not(HasSubstr(". "))))
          << chart.title;
    }
  }
}

TEST(CatalogueTest, ColmeiasOwnUseIsWhereItIsSaidToBe) {
  for (const Exhibit& exhibit : Catalogue()) {
    if (exhibit.used_in.empty()) continue;
    EXPECT_TRUE(std::filesystem::exists(std::string(COLMEIA_SOURCE_DIR) + "/" + std::string(exhibit.used_in)))
        << exhibit.name << ": " << exhibit.used_in;
  }
}

TEST(CatalogueTest, TheReadmeExplainsEveryExhibitAndLinksToWhereItIsUsed) {
  const auto readme = sys::ReadFile(std::string(COLMEIA_SOURCE_DIR) + "/src/lab/README.md");
  ASSERT_TRUE(readme) << readme.error().message;

  for (const Exhibit& exhibit : Catalogue()) {
    EXPECT_THAT(*readme, HasSubstr("`" + std::string(exhibit.name) + "`"));
    if (exhibit.used_in.empty()) continue;
    EXPECT_THAT(*readme, HasSubstr("(../" + std::string(exhibit.used_in.substr(4)) + ")")) << exhibit.name;
  }
}

TEST(ChooseTest, TakesExhibitsAndFamiliesOnceInTheCataloguesOrder) {
  const auto chosen = Choose({"race", "tcp", "pipe", "pipe"});

  ASSERT_TRUE(chosen) << chosen.error().message;
  EXPECT_THAT(NamesOf(*chosen), ::testing::ElementsAre("pipe", "tcp", "race", "race-atomic", "race-mutex", "race-own"));
}

TEST(ChooseTest, ProposesTheNameThatWasProbablyMeant) {
  EXPECT_THAT(Choose({"pip"}).error().message, HasSubstr("did you mean \"pipe\"?"));
}

TEST(PlacementsTest, TwoCoresNeedTwo) {
  EXPECT_THAT(Placements({3}), SizeIs(1));
  const auto two = Placements({3, 5, 6});
  ASSERT_THAT(two, SizeIs(2));
  EXPECT_EQ(two[0].first(), two[0].second());
  EXPECT_EQ(two[1].first(), 3U);
  EXPECT_EQ(two[1].second(), 5U);
}

TEST(CommandLineTest, AllWritesBothReportsUnlessToldWhereTo) {
  const auto line = ParseCommandLine({"all", "--html", "x.html", "--quick"});

  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(line->task, Task::kMeasure);
  EXPECT_TRUE(line->quick);
  EXPECT_EQ(line->html, "x.html");
  EXPECT_EQ(line->json, "colmeia-lab.json");
}

TEST(CommandLineTest, NamedExhibitsWriteOnlyWhatIsAskedFor) {
  const auto line = ParseCommandLine({"--json=a=b", "pipe"});

  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(line->json, "a=b");
  EXPECT_EQ(line->html, "");
}

TEST(CommandLineTest, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(ParseCommandLine({"--fast"}).error().message, HasSubstr("\"--fast\""));
  EXPECT_THAT(ParseCommandLine({"nonsense"}).error().message, HasSubstr("\"nonsense\""));
  EXPECT_THAT(ParseCommandLine({"pipe", "--json"}).error().message, HasSubstr("option \"--json\" requires FILE"));
  EXPECT_THAT(ParseCommandLine({"--quick"}).error().message, HasSubstr("what is to be measured"));
}

TEST(CommandLineTest, ListAndHelpNameEverything) {
  EXPECT_EQ(ParseCommandLine({})->task, Task::kHelp);
  EXPECT_EQ(ParseCommandLine({"list"})->task, Task::kList);
  for (const Exhibit& exhibit : Catalogue()) EXPECT_THAT(ListText(), HasSubstr(std::string(exhibit.name)));
  for (const char* const word : {"all", "list", "--quick", "--json", "--html", "Exit status"}) {
    EXPECT_THAT(HelpText(), HasSubstr(word));
  }
}

}  // namespace
}  // namespace colmeia::lab
