#include "sys/descriptors.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "gtest/gtest.h"
#include "sys/files.h"
#include "sys/in_child.h"
#include "sys/temp_dir.h"

namespace colmeia::sys {
namespace {

TEST(DescriptorsTest, ClosedStdioIsOpenedOnTheNullDevice) {
  EXPECT_TRUE(HoldsInChild([] {
    close(STDIN_FILENO);
    close(STDERR_FILENO);
    if (!OpenStdio()) return false;
    char byte = 0;
    return read(STDIN_FILENO, &byte, 1) == 0 && write(STDERR_FILENO, "x", 1) == 1;
  }));
}

TEST(DescriptorsTest, OpenStdioIsLeftAlone) {
  EXPECT_TRUE(HoldsInChild([] {
    const auto before = OpenDescriptors();
    return OpenStdio() && OpenDescriptors() == before;
  }));
}

TEST(DescriptorsTest, EverythingFromANumberOnIsClosedOnExec) {
  EXPECT_TRUE(HoldsInChild([] {
    const UniqueFd low(fcntl(STDIN_FILENO, F_DUPFD, 10));
    const UniqueFd high(fcntl(STDIN_FILENO, F_DUPFD, 20));
    if (!low || !high || !CloexecFrom(high.get())) return false;
    return (fcntl(low.get(), F_GETFD) & FD_CLOEXEC) == 0 && (fcntl(high.get(), F_GETFD) & FD_CLOEXEC) != 0;
  }));
}

TEST(DescriptorsTest, RedirectReplacesTheFileUnderANumber) {
  const TempDir dir;
  const Result<UniqueFd> one = OpenFile(dir / "one", O_WRONLY | O_CREAT);
  ASSERT_TRUE(one);
  {
    const Result<UniqueFd> two = OpenFile(dir / "two", O_WRONLY | O_CREAT);
    ASSERT_TRUE(two);

    ASSERT_TRUE(Redirect(*two, one->get()));
  }
  ASSERT_TRUE(WriteAll(one->get(), "text"));

  EXPECT_EQ(ReadFile(dir / "one").value(), "");
  EXPECT_EQ(ReadFile(dir / "two").value(), "text");
  EXPECT_TRUE(fcntl(one->get(), F_GETFD) & FD_CLOEXEC);
}

TEST(DescriptorsTest, ListsWhatIsOpen) {
  const UniqueFd fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const auto open_now = OpenDescriptors();

  EXPECT_TRUE(std::is_sorted(open_now.begin(), open_now.end()));
  EXPECT_TRUE(std::binary_search(open_now.begin(), open_now.end(), fd.get()));
}

}  // namespace
}  // namespace colmeia::sys
