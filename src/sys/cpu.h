// How many processors we may really use, and which: the affinity mask and the quota of our control group.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "util/result.h"

namespace colmeia::sys {

// Where control groups are told of. Tests point them elsewhere.
struct CgroupPaths {
  std::string root = "/sys/fs/cgroup";           // of the unified hierarchy, or above "cpu" or "cpu,cpuacct" of v1
  std::string membership = "/proc/self/cgroup";  // which groups we are in
};

// The CPU numbers of our affinity mask, ascending. Never empty: on an error, 0.
[[nodiscard]] std::vector<unsigned> EffectiveCpuSet();

// CPUs' worth of time that our control group and those above it allow, the least of them; nothing when unlimited.
[[nodiscard]] std::optional<double> CgroupQuota(const CgroupPaths& paths = {});

// min(CPUs of the affinity mask, quota rounded up), at least 1: `worker_processes auto`.
[[nodiscard]] unsigned UsableCpus(const CgroupPaths& paths = {});

}  // namespace colmeia::sys
