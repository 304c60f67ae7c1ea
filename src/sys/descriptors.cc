#include "sys/descriptors.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include <fmt/core.h>

#include "sys/error.h"
#include "sys/files.h"
#include "util/strings.h"

namespace colmeia::sys {

Result<> OpenStdio() {
  for (int number = STDIN_FILENO; number <= STDERR_FILENO; ++number) {
    if (fcntl(number, F_GETFD) != -1) continue;
    // open() takes the lowest free number, which is this one.
    const int fd = open("/dev/null", number == STDIN_FILENO ? O_RDONLY : O_RDWR);
    if (fd < 0) return FailErrno("cannot open /dev/null");
    if (fd != number) return Fail(fmt::format("/dev/null got descriptor {} instead of {}", fd, number));
  }
  return {};
}

Result<> CloexecFrom(int first) {
  if (close_range(static_cast<unsigned>(first), ~0U, CLOSE_RANGE_CLOEXEC) == 0) return {};
  // Before Linux 5.11, and in sandboxes that do not know the call.
  for (const int number : OpenDescriptors()) {
    if (number < first) continue;
    if (fcntl(number, F_SETFD, FD_CLOEXEC) != 0 && errno != EBADF) {
      return FailErrno(fmt::format("cannot close descriptor {} on exec", number));
    }
  }
  return {};
}

Result<> Redirect(const UniqueFd& fresh, int number) {
  int result = -1;
  do {
    result = dup3(fresh.get(), number, number <= STDERR_FILENO ? 0 : O_CLOEXEC);
  } while (result < 0 && errno == EINTR);
  if (result < 0) return FailErrno(fmt::format("cannot redirect descriptor {}", number));
  return {};
}

Result<UniqueFd> OpenAnew(int fd, int flags) { return OpenFile(fmt::format("/proc/self/fd/{}", fd), flags); }

void AppendOnly(int fd) {
  struct stat info {};
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || (flags & O_APPEND) != 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return;
  fcntl(fd, F_SETFL, flags | O_APPEND);
}

std::vector<int> OpenDescriptors() {
  std::vector<int> numbers;
  const auto close_directory = [](DIR* open) { closedir(open); };
  const std::unique_ptr<DIR, decltype(close_directory)> directory(opendir("/proc/self/fd"), close_directory);
  if (directory == nullptr) return numbers;
  while (const dirent* const entry = readdir(directory.get())) {
    const auto number = util::ParseNumber<int>(entry->d_name);
    if (number && *number != dirfd(directory.get())) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace colmeia::sys
