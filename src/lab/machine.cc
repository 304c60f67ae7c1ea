#include "lab/machine.h"

#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include <string_view>

#include <fmt/format.h>

#include "sys/cpu.h"
#include "sys/files.h"
#include "util/strings.h"

namespace colmeia::lab {
namespace {

std::string Processor() {
  const auto text = sys::ReadFile("/proc/cpuinfo");
  if (!text) return "unknown";
  for (const std::string_view line : util::Split(*text, '\n')) {
    if (line.starts_with("model name")) return std::string(util::Trim(line.substr(line.find(':') + 1)));
  }
  return "unknown";
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
#else
constexpr bool kSanitized = false;
#endif

}  // namespace

Machine ThisMachine() {
  Machine machine;
  machine.processor = Processor();
  if (utsname name{}; uname(&name) == 0) {
    machine.kernel = fmt::format("{} {} {}", name.sysname, name.release, name.machine);
  }
  machine.cpus = sys::EffectiveCpuSet();
  if (struct sysinfo info{}; sysinfo(&info) == 0) machine.memory = std::size_t{info.totalram} * info.mem_unit;
  machine.sanitized = kSanitized;
  return machine;
}

}  // namespace colmeia::lab
