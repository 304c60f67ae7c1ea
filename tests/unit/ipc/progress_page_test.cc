#include "ipc/progress_page.h"

#include <string>

#include <gtest/gtest.h>

#include "sys/memfd.h"

namespace colmeia::ipc {
namespace {

TEST(ProgressPageTest, TheOtherSideReadsWhatWasNotedLast) {
  auto page = ProgressPage::Create();
  ASSERT_TRUE(page);
  auto other = ProgressPage::Open(page->fd());
  ASSERT_TRUE(other);
  EXPECT_EQ(page->Read(), "");

  other->Note("reading a long name");
  other->Note("at b:1");

  EXPECT_EQ(page->Read(), "at b:1");
}

TEST(ProgressPageTest, ALongTextLosesItsBeginning) {
  auto page = ProgressPage::Create();
  ASSERT_TRUE(page);

  page->Note(std::string(10'000, 'x') + "/end.conf");

  EXPECT_TRUE(page->Read().ends_with("/end.conf"));
}

TEST(ProgressPageTest, IsNoOtherMemory) {
  const auto fd = sys::SharedMemfd("other", 8192);
  ASSERT_TRUE(fd);

  EXPECT_FALSE(ProgressPage::Open(fd->get()));
  EXPECT_FALSE(ProgressPage::Open(-1));
}

}  // namespace
}  // namespace colmeia::ipc
