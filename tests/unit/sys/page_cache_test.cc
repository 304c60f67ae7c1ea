#include "sys/page_cache.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "gtest/gtest.h"
#include "support/cold_file.h"
#include "sys/files.h"
#include "sys/temp_dir.h"

namespace colmeia::sys {
namespace {

constexpr std::uint64_t kSize = 1024 * 1024;

class PageCacheTest : public testing::Test {
 protected:
  void SetUp() override {
    fd = *OpenFile(folder.path() + "/file", O_RDWR | O_CREAT);
    ASSERT_TRUE(WriteAll(fd.get(), std::string(kSize, 'x')));
    ASSERT_EQ(fsync(fd.get()), 0);
  }
  TempDir folder;
  UniqueFd fd;
};

TEST_F(PageCacheTest, WhatWasJustWrittenIsWarmWhereTheFileSystemTells) {
  const Pages pages = LookAtPages(fd.get(), 0, kSize);

  EXPECT_NE(pages, Pages::kCold);
}

TEST_F(PageCacheTest, WhatIsColdIsWarmOnceItWasRead) {
  if (!Chill(fd.get(), kSize)) GTEST_SKIP() << "this file system cannot be made to forget";

  WarmPages(fd.get(), 0, kSize);

  EXPECT_EQ(LookAtPages(fd.get(), 0, kSize), Pages::kWarm);
}

TEST_F(PageCacheTest, BothEndsAreLookedAt) {
  // A fast disk may have the last byte before the question is answered.
  for (int tries = 0; tries < 50; ++tries) {
    if (!Chill(fd.get(), kSize)) GTEST_SKIP() << "this file system cannot be made to forget";
    WarmPages(fd.get(), 0, 4096);
    EXPECT_EQ(LookAtPages(fd.get(), 0, 4096), Pages::kWarm);
    EXPECT_EQ(LookAtPages(fd.get(), 0, 1), Pages::kWarm);
    if (LookAtPages(fd.get(), 0, kSize) == Pages::kCold) return;
  }
  GTEST_SKIP() << "this disk is quicker than the question";
}

TEST_F(PageCacheTest, BehindTheEndThereIsNothingToWaitFor) {
  EXPECT_NE(LookAtPages(fd.get(), static_cast<off_t>(kSize), 10), Pages::kCold);
  WarmPages(fd.get(), static_cast<off_t>(kSize) - 10, kSize);
}

TEST_F(PageCacheTest, WhatIsNoFileHasNothingToWaitForEither) {
  EXPECT_EQ(LookAtPages(-1, 0, 10), Pages::kWarm) << "whoever reads finds the error";
  WarmPages(-1, 0, 10);
}

}  // namespace
}  // namespace colmeia::sys
