#include "sys/title.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "sys/files.h"

namespace colmeia::sys {
namespace {

// The memory of argv as the kernel lays it out: strings one after the other.
class TitleTest : public ::testing::Test {
 protected:
  std::string area_ = std::string("colmeia\0-c\0x.conf\0", 18);
  std::vector<char*> argv_ = {area_.data(), area_.data() + 8, area_.data() + 11, nullptr};
};

TEST_F(TitleTest, IsWrittenOverArgvAndPaddedWithNulls) {
  InitTitle(3, argv_.data());

  SetTitle("colmeia: w");

  EXPECT_EQ(area_, std::string("colmeia: w") + std::string(8, '\0'));
}

TEST_F(TitleTest, IsCutToWhatFits) {
  InitTitle(3, argv_.data());

  SetTitle("colmeia: worker process is shutting down");

  EXPECT_EQ(area_, std::string("colmeia: worker p") + '\0');
}

TEST_F(TitleTest, EnvironmentSurvives) {
  ASSERT_EQ(setenv("COLMEIA_TITLE_TEST", "value", 1), 0);

  InitTitle(3, argv_.data());
  SetTitle("title");

  EXPECT_STREQ(getenv("COLMEIA_TITLE_TEST"), "value");
}

TEST_F(TitleTest, NamesTheProcess) {
  InitTitle(3, argv_.data());

  EXPECT_EQ(ReadFile("/proc/self/comm").value(), "colmeia\n");
}

}  // namespace
}  // namespace colmeia::sys
