#include "sys/cpu.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <memory>
#include <string_view>

#include "sys/files.h"
#include "util/strings.h"

namespace colmeia::sys {

namespace {

std::optional<double> Ratio(std::string_view quota, std::string_view period) {
  // "max" in v2 and -1 in v1 mean no limit; neither is an unsigned number.
  const auto numerator = util::ParseNumber<std::uint64_t>(quota);
  const auto denominator = util::ParseNumber<std::uint64_t>(period);
  if (!numerator || !denominator || *numerator == 0 || *denominator == 0) return std::nullopt;
  return static_cast<double>(*numerator) / static_cast<double>(*denominator);
}

// cgroup v2: "cpu.max" holds "quota period", in microseconds.
std::optional<double> QuotaOfUnified(const std::string& group) {
  const Result<std::string> text = ReadFile(group + "/cpu.max");
  if (!text) return std::nullopt;
  const auto words = util::Words(*text);
  return words.size() == 2 ? Ratio(words[0], words[1]) : std::nullopt;
}

// cgroup v1: the same two numbers in a file each.
std::optional<double> QuotaOfLegacy(const std::string& group) {
  const Result<std::string> quota = ReadFile(group + "/cpu.cfs_quota_us");
  const Result<std::string> period = ReadFile(group + "/cpu.cfs_period_us");
  if (!quota || !period) return std::nullopt;
  const auto quota_words = util::Words(*quota);
  const auto period_words = util::Words(*period);
  return quota_words.size() == 1 && period_words.size() == 1 ? Ratio(quota_words[0], period_words[0]) : std::nullopt;
}

// The least quota of a group and of all above it. In a container the path may be the host's, of which only the root is
// to be seen; the groups that are not there are passed over.
std::optional<double> LeastUpwards(const std::string& root, std::string path,
                                   std::optional<double> (*quota_of)(const std::string&)) {
  std::optional<double> least;
  while (true) {
    if (path == "/") path.clear();
    if (const auto quota = quota_of(root + path); quota && (!least || *quota < *least)) least = quota;
    if (path.empty()) return least;
    const std::size_t slash = path.rfind('/');
    path.resize(slash == std::string::npos ? 0 : slash);
  }
}

}  // namespace

std::vector<unsigned> EffectiveCpuSet() {
  std::vector<unsigned> cpus;
  // The kernel refuses a mask that is smaller than its own; no machine has more CPUs than this.
  constexpr int kMaxCpus = 1 << 16;
  for (int count = CPU_SETSIZE; count <= kMaxCpus; count *= 2) {
    const std::size_t size = CPU_ALLOC_SIZE(count);
    const auto free_set = [](cpu_set_t* set) { CPU_FREE(set); };
    const std::unique_ptr<cpu_set_t, decltype(free_set)> set(CPU_ALLOC(count), free_set);
    CPU_ZERO_S(size, set.get());
    if (sched_getaffinity(0, size, set.get()) != 0) {
      if (errno == EINVAL) continue;
      break;
    }
    for (unsigned cpu = 0; cpu < static_cast<unsigned>(count); ++cpu) {
      if (CPU_ISSET_S(cpu, size, set.get())) cpus.push_back(cpu);
    }
    break;
  }
  if (cpus.empty()) cpus.push_back(0);
  return cpus;
}

std::optional<double> CgroupQuota(const CgroupPaths& paths) {
  const Result<std::string> membership = ReadFile(paths.membership);
  if (!membership) return std::nullopt;
  // Lines are "0::/path" (v2) or "4:cpu,cpuacct:/path" (v1); both may be there at once (cgroups(7)).
  std::optional<double> least;
  const auto consider = [&least](std::optional<double> quota) {
    if (quota && (!least || *quota < *least)) least = quota;
  };
  for (const std::string_view line : util::Split(*membership, '\n')) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const std::string path(line.substr(second + 1));
    if (controllers.empty()) {
      consider(LeastUpwards(paths.root, path, QuotaOfUnified));
      continue;
    }
    const auto names = util::Split(controllers, ',');
    if (std::find(names.begin(), names.end(), "cpu") == names.end()) continue;
    const std::string joined(controllers);
    consider(LeastUpwards(paths.root + "/" + joined, path, QuotaOfLegacy));
    if (joined != "cpu") consider(LeastUpwards(paths.root + "/cpu", path, QuotaOfLegacy));
  }
  return least;
}

unsigned UsableCpus(const CgroupPaths& paths) {
  const auto by_affinity = static_cast<unsigned>(EffectiveCpuSet().size());
  const std::optional<double> quota = CgroupQuota(paths);
  if (!quota || *quota >= by_affinity) return by_affinity;
  return std::max(1U, static_cast<unsigned>(std::ceil(*quota)));
}

}  // namespace colmeia::sys
