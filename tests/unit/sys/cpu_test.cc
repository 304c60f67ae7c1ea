#include "sys/cpu.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "gtest/gtest.h"
#include "sys/temp_dir.h"

namespace colmeia::sys {
namespace {

class CpuTest : public ::testing::Test {
 protected:
  void Write(const std::string& path, const std::string& text) {
    const std::filesystem::path full(dir / path);
    std::filesystem::create_directories(full.parent_path());
    std::ofstream(full) << text;
  }

  TempDir dir;
  CgroupPaths paths{.root = dir / "cgroup", .membership = dir / "membership"};
};

TEST_F(CpuTest, AffinityMaskHasAtLeastOneCpu) {
  EXPECT_FALSE(EffectiveCpuSet().empty());
  EXPECT_GE(UsableCpus(), 1U);
}

TEST_F(CpuTest, WithoutControlGroupsTheMaskDecides) {
  EXPECT_EQ(CgroupQuota(paths), std::nullopt);
  EXPECT_EQ(UsableCpus(paths), EffectiveCpuSet().size());
}

TEST_F(CpuTest, UnifiedQuotaIsReadFromOurGroup) {
  Write("membership", "0::/a/b\n");
  Write("cgroup/a/b/cpu.max", "150000 100000\n");

  EXPECT_EQ(CgroupQuota(paths), 1.5);
}

TEST_F(CpuTest, LeastQuotaOnTheWayUpCounts) {
  Write("membership", "0::/a/b\n");
  Write("cgroup/a/b/cpu.max", "max 100000\n");
  Write("cgroup/a/cpu.max", "50000 100000\n");
  Write("cgroup/cpu.max", "400000 100000\n");

  EXPECT_EQ(CgroupQuota(paths), 0.5);
  EXPECT_EQ(UsableCpus(paths), 1U);
}

TEST_F(CpuTest, PathOfTheHostFallsBackToTheRootOfTheContainer) {
  Write("membership", "0::/docker/0123\n");
  Write("cgroup/cpu.max", "50000 100000\n");

  EXPECT_EQ(CgroupQuota(paths), 0.5);
}

TEST_F(CpuTest, LegacyQuotaIsReadFromTheCpuHierarchy) {
  Write("membership", "5:memory:/x\n4:cpu,cpuacct:/x\n0::/\n");
  Write("cgroup/cpu,cpuacct/x/cpu.cfs_quota_us", "250000\n");
  Write("cgroup/cpu,cpuacct/x/cpu.cfs_period_us", "100000\n");

  EXPECT_EQ(CgroupQuota(paths), 2.5);
}

TEST_F(CpuTest, NoLegacyLimitIsMinusOne) {
  Write("membership", "4:cpu:/\n");
  Write("cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  Write("cgroup/cpu/cpu.cfs_period_us", "100000\n");

  EXPECT_EQ(CgroupQuota(paths), std::nullopt);
}

TEST_F(CpuTest, GarbageIsNoLimit) {
  Write("membership", "garbage\n::\n0::/\n");
  Write("cgroup/cpu.max", "1 0\n");

  EXPECT_EQ(CgroupQuota(paths), std::nullopt);
}

}  // namespace
}  // namespace colmeia::sys
