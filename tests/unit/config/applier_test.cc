#include "config/applier.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sample_modules.h"

namespace colmeia::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class ApplierTest : public testing::Test {
 protected:
  void Apply(std::string text, In context = In::kServer) {
    source = Source::FromText("f", std::move(text));
    applier.Apply(ParseTree(source, diagnostics), context, drafts, handler);
  }
  const SiteDraft& site() { return drafts.Get<SiteDraft>(kSite); }
  // The first line of each mistake.
  std::vector<std::string> Mistakes() {
    std::vector<std::string> out;
    for (const Diagnostic& diagnostic : diagnostics.all()) out.push_back(diagnostic.message);
    return out;
  }

  Source source;
  Diagnostics diagnostics;
  DraftSet drafts = SampleRegistry().NewDrafts();
  Applier applier{SampleRegistry(), source, diagnostics};
  SampleHandler handler{applier};
};

TEST_F(ApplierTest, GivesEachKindOfValueToItsMember) {
  Apply(
      "root /srv; index a b; sendfile ON; client_max_body_size 8m; client_header_buffer_size 1k;"
      "send_timeout 1m500ms; max_age 1d; server_tokens build;");

  EXPECT_EQ(diagnostics.Render(), "");
  EXPECT_EQ(site().root, "/srv");
  EXPECT_THAT(*site().index, ElementsAre("a", "b"));
  EXPECT_EQ(site().sendfile, true);
  EXPECT_EQ(site().body_size, 8U << 20);
  EXPECT_EQ(site().buffer_size, 1024U);
  EXPECT_EQ(site().timeout, util::Milliseconds(60500));
  EXPECT_EQ(site().max_age, std::chrono::hours(24));
  EXPECT_EQ(site().tokens, Tokens::kBuild);
}

TEST_F(ApplierTest, ReadsSignedNumbers) {
  Apply("worker_priority -5; worker_processes 4;", In::kMain);

  EXPECT_EQ(diagnostics.Render(), "");
  EXPECT_EQ(drafts.Get<ProcessDraft>(kProcess).priority, -5);
  EXPECT_EQ(drafts.Get<ProcessDraft>(kProcess).workers, 4U);
}

TEST_F(ApplierTest, LeavesTheDraftsOfSilentModulesUnmade) {
  Apply("root /srv;");

  EXPECT_NE(drafts.Find<SiteDraft>(kSite), nullptr);
  EXPECT_EQ(drafts.Find<ProcessDraft>(kProcess), nullptr);
}

TEST_F(ApplierTest, LeavesAMemberEmptyWhenItsValueIsWrong) {
  Apply("sendfile maybe; root /srv;");

  EXPECT_EQ(site().sendfile, std::nullopt);
  EXPECT_EQ(site().root, "/srv");
  EXPECT_THAT(Mistakes(), ElementsAre(HasSubstr("it must be \"on\" or \"off\"")));
}

TEST_F(ApplierTest, CallsCustomSettersAsOftenAsTheyAreUsed) {
  Apply("listen 1; listen 2 default_server; server_name a b; server_name c;");

  EXPECT_THAT(site().listen, ElementsAre("1", "2"));
  EXPECT_THAT(site().names, ElementsAre("a", "b", "c"));
}

TEST_F(ApplierTest, GivesABlockWithASetterToItsModule) {
  Apply("types { text/html html htm; include inc; }");

  EXPECT_EQ(diagnostics.Render(), "");
  EXPECT_THAT(site().types, ElementsAre("html=text/html", "htm=text/html", "inc=include"));
  EXPECT_THAT(handler.seen, ElementsAre());
}

TEST_F(ApplierTest, HandsOtherBlocksToTheCaller) {
  Apply("events { } http { server { location / { root /x; location /a { } } } server { } }", In::kMain);

  EXPECT_EQ(diagnostics.Render(), "");
  EXPECT_THAT(handler.seen, ElementsAre("events in main", "http in main", "server in http", "location in server",
                                        "location in location", "server in http"));
  EXPECT_EQ(handler.inner_drafts[2].Find<SiteDraft>(kSite)->root, "/x");
}

TEST_F(ApplierTest, TakesTheRowOfTheContextWhenANameHasSeveral) {
  Apply("error_log a;", In::kMain);
  Apply("error_log b;", In::kServer);

  EXPECT_EQ(diagnostics.Render(), "");
}

TEST_F(ApplierTest, GoesOnBehindEveryMistake) {
  Apply("rot /x; pid /y; root; listen { } server_tokens maybe; sendfile on;");

  EXPECT_THAT(Mistakes(),
              ElementsAre(StartsWith("\"rot\" is not a directive"), StartsWith("\"pid\" directive is not allowed here"),
                          StartsWith("invalid number of arguments"),
                          StartsWith("directive \"listen\" is not terminated"), StartsWith("invalid value \"maybe\"")));
  EXPECT_EQ(site().sendfile, true);
}

TEST_F(ApplierTest, RefusesASecondUseInTheSameBlockOnly) {
  Apply("http { root /a; server { root /b; } server { root /c; } }", In::kMain);
  EXPECT_EQ(diagnostics.Render(), "");

  Apply("root /a; root /b;");

  EXPECT_EQ(site().root, "/a");
  EXPECT_THAT(Mistakes(), ElementsAre("\"root\" directive is duplicate; the first one is at f:1"));
}

TEST_F(ApplierTest, TakesBothDirectivesWhenASemicolonIsMissingBetweenThem) {
  Apply("root /srv\nindex a;\nsendfile on\nlocation / { root /x; }");

  EXPECT_THAT(Mistakes(),
              ElementsAre("directive \"root\" is not terminated by \";\": is a ; missing after line 1?",
                          "directive \"sendfile\" is not terminated by \";\": is a ; missing after line 3?"));
  EXPECT_EQ(site().root, "/srv");
  EXPECT_THAT(*site().index, ElementsAre("a"));
  EXPECT_EQ(site().sendfile, true);
  EXPECT_THAT(handler.seen, ElementsAre("location in server"));
}

TEST_F(ApplierTest, SeesNoMissingSemicolonWhereTheArgumentsAreRight) {
  Apply("server_name\n  root\n  index;");

  EXPECT_EQ(diagnostics.Render(), "");
  EXPECT_THAT(site().names, ElementsAre("root", "index"));
}

TEST_F(ApplierTest, TakesANameOnANewLineForADirectiveAlsoWhereItWouldDoAsAnArgument) {
  Apply("server_name a\n  root /srv;");

  EXPECT_THAT(Mistakes(),
              ElementsAre("directive \"server_name\" is not terminated by \";\": is a ; missing after line 1? "
                          "As a value \"root\" is written in quotes"));
  EXPECT_THAT(site().names, ElementsAre("a"));
  EXPECT_EQ(site().root, "/srv");
}

TEST_F(ApplierTest, TakesANameInQuotesForAnArgument) {
  Apply("server_name a\n  'root'\n  b;");

  EXPECT_EQ(diagnostics.Render(), "");
  EXPECT_THAT(site().names, ElementsAre("a", "root", "b"));
}

// Keeps the blocks as a builder does, and looks at them when all is read.
TEST_F(ApplierTest, BlocksBehindAMissingSemicolonLiveAsLongAsTheApplier) {
  class Keeper : public BlockHandler {
   public:
    void OnBlock(const Node& block, const Registry::Row&, In, DraftSet&) override { blocks.push_back(&block); }
    std::vector<const Node*> blocks;
  } keeper;
  source = Source::FromText("f", "root /a\nlocation /b { index c; }\nserver_name d\nlocation /e { }\nsendfile on");
  const std::vector<Node> tree = ParseTree(source, diagnostics);

  applier.Apply(tree, In::kServer, drafts, keeper);

  ASSERT_EQ(keeper.blocks.size(), 2U);
  EXPECT_EQ(keeper.blocks[0]->args()[0].text, "/b");
  EXPECT_EQ(keeper.blocks[0]->children[0].args()[0].text, "c");
  EXPECT_EQ(keeper.blocks[1]->args()[0].text, "/e");
}

TEST_F(ApplierTest, StaysQuickWithManyMissingSemicolons) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += "server_name a\n";
  Apply(text + ";");

  EXPECT_TRUE(diagnostics.HasErrors());
}

TEST_F(ApplierTest, TellsItsProgress) {
  class Noted : public Progress {
   public:
    void At(std::string_view file, std::uint32_t line) override {
      said += std::string(file) + std::to_string(line) + " ";
    }
    std::string said;
  } noted;
  source = Source::FromText("f", "root /a;\n\nsendfile on;");
  const Applier told(SampleRegistry(), source, diagnostics, &noted);
  const std::vector<Node> tree = ParseTree(source, diagnostics);

  told.Apply(tree, In::kServer, drafts, handler);

  EXPECT_EQ(noted.said, "f1 f3 ");
}

TEST_F(ApplierTest, WarnsWithoutRefusing) {
  Apply("listen 80;");

  EXPECT_FALSE(diagnostics.HasErrors());
  EXPECT_EQ(diagnostics.Render(), "f:1:8: warning: port 80 needs root\nlisten 80;\n       ^~\n");
}

}  // namespace
}  // namespace colmeia::config
