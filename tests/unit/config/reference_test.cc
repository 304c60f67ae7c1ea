#include "config/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sample_modules.h"

namespace colmeia::config {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

TEST(ReferenceTest, ShowsEverythingThatARowSays) {
  const std::string page = Reference(SampleRegistry());

  EXPECT_THAT(page, HasSubstr("## process\n\n"
                              "### daemon\n\n"
                              "Whether to leave the terminal.\n\n"
                              "- Syntax: `daemon on | off;`\n"
                              "- Default: `daemon on;`\n"
                              "- Context: main\n\n"));
  EXPECT_THAT(page, HasSubstr("### location\n\n"
                              "A part of a site.\n\n"
                              "- Syntax: `location [ = | ~ | ~* | ^~ ] uri { ... }`\n"
                              "- Context: server, location\n\n"));
}

TEST(ReferenceTest, MarksWhatIsOurOwn) {
  const std::string page = Reference(SampleRegistry());

  EXPECT_THAT(page, HasSubstr("- Syntax: `max_age time;`\n"
                              "- Default: `max_age 0;`\n"
                              "- Context: http, server, location\n"
                              "- colmeia's own: nginx does not have it\n"));
}

TEST(ReferenceTest, HasIncludeAndEndsInOneLineFeed) {
  const std::string page = Reference(SampleRegistry());

  EXPECT_THAT(page, HasSubstr("### include\n"));
  EXPECT_THAT(page, EndsWith("\n"));
  EXPECT_THAT(page, Not(EndsWith("\n\n")));
}

}  // namespace
}  // namespace colmeia::config
