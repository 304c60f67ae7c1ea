#include "sys/usage.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <string_view>

#include "sys/files.h"
#include "util/strings.h"

namespace colmeia::sys {
namespace {

// proc(5): "size resident shared ...", in pages.
std::uint64_t ResidentOf(std::string_view statm) {
  const std::size_t begin = statm.find(' ');
  if (begin == std::string_view::npos) return 0;
  statm.remove_prefix(begin + 1);
  const auto pages = util::ParseNumber<std::uint64_t>(statm.substr(0, statm.find(' ')));
  return pages.value_or(0) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

UsageMeter::UsageMeter() {
  if (auto statm = OpenFile("/proc/self/statm", O_RDONLY)) statm_ = *std::move(statm);
}

Usage UsageMeter::Read() const {
  Usage usage;
  timespec cpu{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
  usage.cpu_us = static_cast<std::uint64_t>(cpu.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(cpu.tv_nsec) / 1000;
  char text[128];
  const ssize_t got = pread(statm_.get(), text, sizeof text, 0);
  if (got > 0) usage.rss_bytes = ResidentOf({text, static_cast<std::size_t>(got)});
  return usage;
}

}  // namespace colmeia::sys
