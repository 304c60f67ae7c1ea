#include "files/loader.h"

#include <gtest/gtest.h>

#include "files/temp_folder.h"

namespace colmeia::files {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;

Stamp ChangedAt(std::int64_t seconds, std::int64_t nanoseconds) {
  Stamp stamp;
  stamp.changed_s = seconds;
  stamp.changed_ns = nanoseconds;
  return stamp;
}

TEST(LoaderTest, BelievesBytesReadTwoTicksAfterTheChange) {
  const Stamp stamp = ChangedAt(1000, 990 * kMillisecond);
  EXPECT_FALSE(IsSettled(stamp, {.tv_sec = 1000, .tv_nsec = 990 * kMillisecond}));
  EXPECT_FALSE(IsSettled(stamp, {.tv_sec = 1001, .tv_nsec = 10 * kMillisecond}));
  EXPECT_TRUE(IsSettled(stamp, {.tv_sec = 1001, .tv_nsec = 11 * kMillisecond}));
  EXPECT_TRUE(IsSettled(stamp, {.tv_sec = 1'000'000'000'000, .tv_nsec = 0}));
}

TEST(LoaderTest, GivesFileSystemsThatCountInSecondsMoreTime) {
  const Stamp stamp = ChangedAt(1000, 0);
  EXPECT_FALSE(IsSettled(stamp, {.tv_sec = 1001, .tv_nsec = 999 * kMillisecond}));
  EXPECT_TRUE(IsSettled(stamp, {.tv_sec = 1002, .tv_nsec = 1}));
}

TEST(LoaderTest, BelievesNoBytesFromTheFuture) {
  EXPECT_FALSE(IsSettled(ChangedAt(2000, 5), {.tv_sec = 1000, .tv_nsec = 0}));
  EXPECT_FALSE(IsSettled(ChangedAt(1'000'000'000'000, 5), {.tv_sec = 1000, .tv_nsec = 0}));
}

TEST(LoaderTest, ReadsUpToTheLimitAndOpensWhatIsLarger) {
  TempFolder folder;
  EXPECT_TRUE(Load(folder.Write("a", "12345"), 5).file->in_memory());
  EXPECT_FALSE(Load(folder.Write("b", "123456"), 5).file->in_memory());
  EXPECT_TRUE(Load(folder.Write("empty", ""), 0).file->in_memory());
}

}  // namespace
}  // namespace colmeia::files
