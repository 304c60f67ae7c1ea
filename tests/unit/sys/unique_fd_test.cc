#include "sys/unique_fd.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "gtest/gtest.h"
#include "sys/error.h"

namespace colmeia::sys {
namespace {

UniqueFd Null() { return UniqueFd(open("/dev/null", O_RDWR | O_CLOEXEC)); }

bool IsOpen(int fd) { return fcntl(fd, F_GETFD) != -1; }

TEST(UniqueFdTest, ClosesWhenItGoes) {
  int number = -1;
  {
    const UniqueFd fd = Null();
    number = fd.get();
    ASSERT_TRUE(IsOpen(number));
  }
  EXPECT_FALSE(IsOpen(number));
}

TEST(UniqueFdTest, MovesItsDescriptor) {
  UniqueFd one = Null();
  const int number = one.get();

  UniqueFd two = std::move(one);
  UniqueFd three;
  three = std::move(two);

  EXPECT_FALSE(one);  // NOLINT(bugprone-use-after-move): that is the claim
  EXPECT_FALSE(two);  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(three.get(), number);
}

TEST(UniqueFdTest, ReleaseGivesTheDescriptorAway) {
  UniqueFd fd = Null();
  const UniqueFd other(fd.release());

  EXPECT_FALSE(fd);
  EXPECT_TRUE(IsOpen(other.get()));
}

TEST(UniqueFdTest, ClosingLeavesErrnoAlone) {
  UniqueFd fd = Null();
  errno = EBUSY;

  fd.reset();

  EXPECT_EQ(errno, EBUSY);
}

TEST(UniqueFdDeathTest, DescriptorClosedBySomebodyElseIsABug) {
  EXPECT_DEATH(
      {
        const UniqueFd fd = Null();
        close(fd.get());
      },
      "was_open");
}

TEST(DuplicateTest, IsClosedOnExecAndNeverStdio) {
  const UniqueFd fd = Null();

  const Result<UniqueFd> copy = Duplicate(fd.get());

  ASSERT_TRUE(copy);
  EXPECT_GT(copy->get(), STDERR_FILENO);
  EXPECT_TRUE(fcntl(copy->get(), F_GETFD) & FD_CLOEXEC);
}

TEST(DuplicateTest, OfAClosedDescriptorFails) {
  const Result<UniqueFd> copy = Duplicate(-1);

  ASSERT_FALSE(copy);
  EXPECT_EQ(copy.error().code, EBADF);
}

TEST(ErrnoErrorTest, SaysWhatAndWhy) {
  errno = ENOENT;

  EXPECT_EQ(ErrnoError("cannot open x"), (Error{"cannot open x: No such file or directory", ENOENT}));
}

}  // namespace
}  // namespace colmeia::sys
