// The page of the trace says what the code says.
#include <fstream>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "trace/json.h"
#include "trace/ring.h"
#include "trace/story.h"

namespace colmeia::trace {
namespace {

using testing::HasSubstr;

std::string Page() {
  std::ifstream file(COLMEIA_SOURCE_DIR "/src/trace/README.md");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(ReadmeTest, EveryMemberOfTheJsonIsDescribed) {
  const std::string page = Page();
  std::string json = Json(AReload()[12], "");
  json.insert(1, 1, ',');

  std::size_t members = 0;
  for (std::size_t at = json.find(",\""); at != std::string::npos; at = json.find(",\"", at + 1)) {
    const std::string name = json.substr(at + 2, json.find('"', at + 2) - at - 2);
    EXPECT_THAT(page, testing::AnyOf(HasSubstr("| `" + name + "` |"), HasSubstr("`" + name + "`, `to` |"),
                                     HasSubstr("| `from`, `" + name + "` |")));
    ++members;
  }
  EXPECT_EQ(members, 21u);
}

TEST(ReadmeTest, EveryKindIsDescribed) {
  for (std::uint16_t number = 1; number <= static_cast<std::uint16_t>(EventKind::kRecycle); ++number) {
    EXPECT_THAT(Page(), HasSubstr(fmt::format("| `{}` |", KindName(static_cast<EventKind>(number)))));
  }
}

TEST(ReadmeTest, SizesAreThoseOfTheCode) {
  EXPECT_THAT(Page(), HasSubstr(fmt::format("the last {} events and the last {} KiB of frames", kDefaultCapacity,
                                            kDefaultFrameCapacity / 1024)));
  EXPECT_THAT(Page(), HasSubstr(fmt::format("at most {} bytes", kMaxText)));
}

}  // namespace
}  // namespace colmeia::trace
