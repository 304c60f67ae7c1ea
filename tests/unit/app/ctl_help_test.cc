#include "app/ctl_help.h"

#include <gmock/gmock.h>

#include "app/ctl_line.h"
#include "control/routes.h"

namespace colmeia::app {
namespace {

using testing::HasSubstr;

TEST(ControlHelpTest, ListsEveryVerbAndEveryOption) {
  const std::string text = ControlHelp();

  for (const control::Route& route : control::Routes()) {
    EXPECT_TRUE(route.verb.empty() || text.find(route.meaning) != std::string::npos) << route.meaning;
  }
  for (const util::OptionRow& option : ControlOptions()) EXPECT_THAT(text, HasSubstr(std::string(option.meaning)));
  for (const char* verb :
       {"  status ", "  workers ", "  workers N ", "  drain N ", "  kill N ", "  trace ", "  top "}) {
    EXPECT_THAT(text, HasSubstr(verb));
  }
}

TEST(ControlHelpTest, TellsOfOneVerb) {
  const std::string trace = ControlHelp("trace");
  EXPECT_THAT(trace, HasSubstr("asks GET /trace"));
  EXPECT_THAT(trace, HasSubstr("--last-reload"));
  EXPECT_THAT(trace, HasSubstr("--socket PATH"));

  const std::string workers = ControlHelp("workers");
  EXPECT_THAT(workers, HasSubstr("asks GET /workers"));
  EXPECT_THAT(workers, HasSubstr("asks POST /workers"));
  EXPECT_THAT(workers, Not(HasSubstr("--last-reload")));
  EXPECT_THAT(ControlHelp("top"), HasSubstr("--once"));
}

TEST(ControlHelpTest, OfAnUnknownVerbThereIsNone) {
  EXPECT_EQ(ControlHelp("nonsense"), "");
  EXPECT_EQ(ControlHelp(""), "");
}

TEST(ControlHelpTest, EveryVerbIsNamedOnce) {
  const std::vector<std::string_view> verbs = ControlVerbs();
  EXPECT_EQ(std::count(verbs.begin(), verbs.end(), "workers"), 1);
  EXPECT_THAT(verbs, testing::IsSupersetOf({"status", "trace", "top", "help", "kill"}));
}

}  // namespace
}  // namespace colmeia::app
