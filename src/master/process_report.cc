#include "master/process_report.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "sys/files.h"
#include "util/strings.h"

namespace colmeia::master {
namespace {

// What is worth reading of a file of /proc: the largest of ours, status, has about 1.5 KiB.
constexpr std::size_t kMostBytes = 4096;
constexpr std::size_t kMostFrames = 6;

// The calls in which a worker may be found.
struct CallRow {
  long number;
  const char* name;
  bool of_descriptor;  // its first argument is one
};
constexpr CallRow kCalls[] = {
    {SYS_read, "read", true},
    {SYS_write, "write", true},
    {SYS_writev, "writev", true},
    {SYS_pread64, "pread", true},
    {SYS_preadv, "preadv", true},
    {SYS_sendfile, "sendfile", true},
    {SYS_recvfrom, "recv", true},
    {SYS_recvmsg, "recvmsg", true},
    {SYS_sendto, "send", true},
    {SYS_sendmsg, "sendmsg", true},
    {SYS_accept4, "accept4", true},
    {SYS_close, "close", true},
    {SYS_fsync, "fsync", true},
    {SYS_fdatasync, "fdatasync", true},
    {SYS_fstat, "fstat", true},
    {SYS_getdents64, "getdents", true},
    {SYS_fcntl, "fcntl", true},
    {SYS_ioctl, "ioctl", true},
    {SYS_epoll_ctl, "epoll_ctl", true},
#ifdef SYS_epoll_wait
    {SYS_epoll_wait, "epoll_wait", false},
#endif
    {SYS_epoll_pwait, "epoll_wait", false},
#ifdef SYS_open
    {SYS_open, "open", false},
    {SYS_stat, "stat", false},
    {SYS_lstat, "lstat", false},
    {SYS_poll, "poll", false},
#endif
    {SYS_openat, "openat", false},
    {SYS_statx, "statx", false},
#ifdef SYS_newfstatat
    {SYS_newfstatat, "stat", false},
#endif
    {SYS_futex, "futex", false},
    {SYS_nanosleep, "nanosleep", false},
    {SYS_clock_nanosleep, "clock_nanosleep", false},
    {SYS_mmap, "mmap", false},
    {SYS_munmap, "munmap", false},
    {SYS_madvise, "madvise", false},
};

std::string PathOf(const std::string& proc, pid_t pid, std::string_view file) {
  return fmt::format("{}/{}/{}", proc, pid, file);
}

// Empty when it cannot be read.
std::string ReadSome(const std::string& path) {
  const auto fd = sys::OpenFile(path, O_RDONLY | O_NONBLOCK);
  if (!fd) return {};
  std::array<char, kMostBytes> bytes{};
  std::size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t got = ::read(fd->get(), bytes.data() + size, bytes.size() - size);
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  return {bytes.data(), size};
}

// The value of "Name:\tvalue" in /proc/PID/status.
std::string_view Value(std::string_view status, std::string_view name) {
  while (!status.empty()) {
    const std::size_t end = std::min(status.find('\n'), status.size());
    const std::string_view line = status.substr(0, end);
    if (line.starts_with(name) && line.substr(name.size()).starts_with(':')) {
      return util::Trim(line.substr(name.size() + 1));
    }
    status.remove_prefix(std::min(end + 1, status.size()));
  }
  return {};
}

template <class Integer>
std::optional<Integer> Number(std::string_view text, int base = 10) {
  if (base == 16 && text.starts_with("0x")) text.remove_prefix(2);
  Integer value{};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

// " (/var/www/x)", or nothing.
std::string Target(const std::string& proc, pid_t pid, int descriptor) {
  std::array<char, PATH_MAX> target{};
  const std::string link = PathOf(proc, pid, fmt::format("fd/{}", descriptor));
  const ssize_t size = readlink(link.c_str(), target.data(), target.size());
  return size > 0 ? fmt::format(" ({})", std::string_view(target.data(), static_cast<std::size_t>(size))) : "";
}

// /proc/PID/syscall: "running", "-1 sp pc" outside of any, or "number arguments... sp pc" (proc(5)).
std::string DescribeCall(const std::string& proc, pid_t pid) {
  const std::string text = ReadSome(PathOf(proc, pid, "syscall"));
  const std::vector<std::string_view> words = util::Words(text);
  if (words.size() < 3) return {};
  const auto number = Number<long>(words[0]);
  if (!number || *number < 0) return {};
  for (const CallRow& row : kCalls) {
    if (row.number != *number) continue;
    if (!row.of_descriptor) return fmt::format(", in system call {}", row.name);
    const int descriptor = Number<int>(words[1], 16).value_or(-1);
    return fmt::format(", in system call {} on descriptor {}{}", row.name, descriptor, Target(proc, pid, descriptor));
  }
  return fmt::format(", in system call {}", *number);
}

// /proc/PID/stat: utime and stime are its fields 14 and 15, the second one ends with the last parenthesis.
std::string DescribeCpuTime(const std::string& proc, pid_t pid) {
  static constexpr std::size_t kUserTime = 11;  // counted from the state, which is field 3
  const std::string text = ReadSome(PathOf(proc, pid, "stat"));
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  const std::vector<std::string_view> words = util::Words(std::string_view(text).substr(name_end + 1));
  if (words.size() <= kUserTime + 1) return {};
  const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto user = Number<std::uint64_t>(words[kUserTime]);
  const auto kernel = Number<std::uint64_t>(words[kUserTime + 1]);
  if (!user || !kernel || ticks <= 0) return {};
  return fmt::format(", {:.2f} s of CPU used, {:.2f} s of it in the kernel",
                     static_cast<double>(*user + *kernel) / ticks, static_cast<double>(*kernel) / ticks);
}

// /proc/PID/stack: a line "[<0>] name+0x1c/0x60" for each frame, the innermost first. For a privileged master only.
std::string DescribeKernelStack(const std::string& proc, pid_t pid) {
  const std::string text = ReadSome(PathOf(proc, pid, "stack"));
  std::string names;
  std::size_t frames = 0;
  for (const std::string_view word : util::Words(text)) {
    if (word.starts_with("[<")) continue;
    if (++frames > kMostFrames) break;
    names += names.empty() ? ", kernel stack " : " < ";
    names += word.substr(0, word.find('+'));
  }
  return names;
}

}  // namespace

bool IsTraced(pid_t pid, const std::string& proc) {
  const std::string status = ReadSome(PathOf(proc, pid, "status"));
  const std::string_view tracer = Value(status, "TracerPid");
  return !tracer.empty() && tracer != "0";
}

std::string DescribeProcess(pid_t pid, const std::string& proc) {
  const std::string status = ReadSome(PathOf(proc, pid, "status"));
  if (status.empty()) return "the process is gone";
  std::string out = fmt::format("state {}", Value(status, "State"));
  if (const std::string_view tracer = Value(status, "TracerPid"); !tracer.empty() && tracer != "0") {
    out += fmt::format(", traced by process {}", tracer);
  }
  // "0" stands for none, and for one that we may not see.
  const std::string channel = ReadSome(PathOf(proc, pid, "wchan"));
  if (const std::string_view where = util::Trim(channel); !where.empty() && where != "0") {
    out += fmt::format(", waits in {}", where);
  }
  out += DescribeCall(proc, pid);
  out += DescribeCpuTime(proc, pid);
  out += DescribeKernelStack(proc, pid);
  return out;
}

std::optional<std::uint64_t> ResidentMemory(pid_t pid, const std::string& proc) {
  const std::string text = ReadSome(PathOf(proc, pid, "statm"));
  const std::vector<std::string_view> words = util::Words(text);
  if (words.size() < 2) return std::nullopt;
  const auto pages = Number<std::uint64_t>(words[1]);
  if (!pages) return std::nullopt;
  return *pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::optional<std::uint64_t> ProcessorTime(pid_t pid) {
  clockid_t clock{};
  timespec used{};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0) return std::nullopt;
  return static_cast<std::uint64_t>(used.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(used.tv_nsec);
}

}  // namespace colmeia::master
