#include "sys/privileges.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>

#include "gtest/gtest.h"
#include "sys/cpu.h"
#include "sys/in_child.h"

namespace colmeia::sys {
namespace {

TEST(PrivilegesTest, RootBecomesSomebodyElseForGood) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";

  EXPECT_TRUE(HoldsInChild([] {
    return SetGroups({1, 12345}) && SetGid(12345) && SetUid(12345) && getuid() == 12345 && getegid() == 12345 &&
           setuid(0) != 0 && !SetUid(0);
  }));
}

TEST(PrivilegesTest, NobodyBecomesRoot) {
  EXPECT_TRUE(HoldsInChild([] {
    if (geteuid() == 0 && !(SetGroups({}) && SetGid(65534) && SetUid(65534))) return false;
    return !SetUid(0) && !SetGid(0) && !SetGroups({0});
  }));
}

TEST(PrivilegesTest, DumpableComesBackAfterAChangeOfUser) {
  EXPECT_TRUE(HoldsInChild([] {
    if (geteuid() == 0 && !SetUid(65534)) return false;
    return SetDumpable() && prctl(PR_GET_DUMPABLE) == 1;
  }));
}

TEST(PrivilegesTest, SetsLimitsOfThisProcess) {
  EXPECT_TRUE(HoldsInChild([] { return SetOpenFileLimit(64) && OpenFileLimit() == 64 && SetNice(19); }));
  EXPECT_TRUE(HoldsInChild([] { return getpriority(PRIO_PROCESS, 0) <= 19 && SetNice(19); }));
}

TEST(PrivilegesTest, PinsToACpuThatItMayUse) {
  EXPECT_TRUE(HoldsInChild([] {
    const unsigned cpu = EffectiveCpuSet().back();
    return SetAffinity({cpu}) && EffectiveCpuSet() == std::vector<unsigned>{cpu};
  }));
  EXPECT_FALSE(SetAffinity({}));
  EXPECT_FALSE(SetAffinity({100'000}));
}

TEST(PrivilegesTest, RefusesNewPrivilegesAndFollowsItsParent) {
  EXPECT_TRUE(HoldsInChild([] { return SetNoNewPrivileges() && SetParentDeathSignal(SIGQUIT); }));
  EXPECT_FALSE(SetParentDeathSignal(1000));
}

TEST(PrivilegesTest, ErrorsNameTheCall) {
  const Result<> moved = ChangeDirectory("/nonexistent");

  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().message, "chdir(\"/nonexistent\") failed: No such file or directory");
}

}  // namespace
}  // namespace colmeia::sys
