#include "config/registry.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/unsupported.h"
#include "sample_modules.h"

namespace colmeia::config {
namespace {

using testing::Contains;
using testing::HasSubstr;

struct Draft {
  std::optional<bool> flag;
};
struct OtherDraft {
  std::optional<bool> flag;
};

constexpr Directive kSsiRows[] = {
    {"ssi", In::kHttp, Flag, SetFlag<&Draft::flag>, "on | off", "off", "Whether to compress."},
    {"ssi_level", In::kHttp, Args(1), SetNothing, "number", "1", "How hard to compress."},
};

TEST(RegistryTest, FindsRowsByNameAndContext) {
  const Registry& registry = SampleRegistry();

  EXPECT_EQ(registry.Find("error_log").size(), 2U);
  EXPECT_EQ(registry.Find("error_log", In::kMain)->module, kProcess);
  EXPECT_EQ(registry.Find("error_log", In::kServer)->module, kSite);
  EXPECT_EQ(registry.Find("error_log", In::kEvents), nullptr);
  EXPECT_TRUE(registry.Find("nonsense").empty());
}

TEST(RegistryTest, ListsEachNameOnceAndSorted) {
  const std::vector<std::string_view>& names = SampleRegistry().names();

  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_EQ(std::count(names.begin(), names.end(), "error_log"), 1);
  EXPECT_THAT(names, Contains("include"));
}

TEST(RegistryTest, KnowsIncludeInEveryContext) {
  for (const In context : {In::kMain, In::kEvents, In::kHttp, In::kServer, In::kLocation}) {
    EXPECT_NE(SampleRegistry().Find("include", context), nullptr);
  }
}

TEST(RegistryTest, GuessesWhatWasMeant) {
  EXPECT_EQ(SampleRegistry().Unknown("sever_name"), "\"sever_name\" is not a directive; did you mean \"server_name\"?");
  EXPECT_EQ(SampleRegistry().Unknown("nonsense"), "\"nonsense\" is not a directive");
  EXPECT_EQ(SampleRegistry().Unknown(""), "\"\" is not a directive");
}

TEST(RegistryTest, NamesTheModuleOfNginxThatIsNotHere) {
  EXPECT_THAT(SampleRegistry().Unknown("ssl_certificate"),
              HasSubstr("\"ssl_certificate\" belongs to nginx's ssl module, which colmeia does not have"));
  EXPECT_EQ(SampleRegistry().Unknown("ssi_levle"),
            "\"ssi_levle\" belongs to nginx's ssi module, which colmeia does not have");
  EXPECT_EQ(SampleRegistry().Unknown("satisfy"), "\"satisfy\" is a directive of nginx that colmeia does not have");
}

TEST(RegistryTest, GuessesWithinAFamilyThatIsHere) {
  const Registry registry({{"ssi", kSsiRows, DraftOf<Draft>()}});

  EXPECT_EQ(registry.Unknown("ssi_levle"), "\"ssi_levle\" is not a directive; did you mean \"ssi_level\"?");
}

TEST(RegistryTest, MakesDraftsOfItsModules) {
  DraftSet drafts = SampleRegistry().NewDrafts();

  drafts.Get<SiteDraft>(kSite).root = "/x";

  EXPECT_EQ(drafts.Find<SiteDraft>(kSite)->root, "/x");
  EXPECT_EQ(drafts.Find<ProcessDraft>(kProcess), nullptr);
}

TEST(ForeignTest, PrefersTheLongestFamily) {
  EXPECT_EQ(FindUnsupportedFamily("proxy_pass")->module, "proxy");
  EXPECT_EQ(FindUnsupportedFamily("mirror_request_body")->module, "mirror");
  EXPECT_EQ(FindUnsupportedFamily("nonsense"), nullptr);
  EXPECT_EQ(FindUnsupported("ssl_*"), FindUnsupportedFamily("ssl_*"));
  EXPECT_EQ(FindUnsupported("upstream")->module, "upstream");
}

class RegistryDeathTest : public testing::Test {
 protected:
  RegistryDeathTest() { testing::FLAGS_gtest_death_test_style = "threadsafe"; }
};

TEST_F(RegistryDeathTest, RefusesASetterForAnotherDraft) {
  EXPECT_DEATH(Registry({{"ssi", kSsiRows, DraftOf<OtherDraft>()}}), "draft_tag");
}

TEST_F(RegistryDeathTest, RefusesTwoRowsForOneContext) {
  EXPECT_DEATH(Registry({{"a", kSsiRows, DraftOf<Draft>()}, {"b", kSsiRows, DraftOf<Draft>()}}), "bug: CHECK");
}

TEST_F(RegistryDeathTest, RefusesTheWrongDraftOfAModule) {
  DraftSet drafts = SampleRegistry().NewDrafts();
  EXPECT_DEATH((void)drafts.Get<ProcessDraft>(kSite), "bug: CHECK");
}

}  // namespace
}  // namespace colmeia::config
