#include "sys/privileges.h"

#include <linux/capability.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
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

// Somebody else than root who may bind low ports, as a service manager makes one.
bool BecomeBinder() {
  static constexpr __u32 kBind = 1U << CAP_NET_BIND_SERVICE;
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const std::array<__user_cap_data_struct, 2> sets = {__user_cap_data_struct{kBind, kBind, kBind}, {}};
  return prctl(PR_SET_KEEPCAPS, 1) == 0 && SetUid(65534) && syscall(SYS_capset, &header, sets.data()) == 0 &&
         prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0) == 0;
}

TEST(PrivilegesTest, CapabilitiesThatCameWithoutRootAreDropped) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";

  EXPECT_TRUE(HoldsInChild([] {
    if (!BecomeBinder() || prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_NET_BIND_SERVICE, 0, 0) != 1) return false;
    if (!DropCapabilities()) return false;
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, 2> sets{};
    return syscall(SYS_capget, &header, sets.data()) == 0 && sets[0].permitted == 0 && sets[0].effective == 0 &&
           prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_NET_BIND_SERVICE, 0, 0) == 0;
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
