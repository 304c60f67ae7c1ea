#include "sys/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "sys/error.h"

namespace colmeia::sys {

Result<UniqueFd> OpenFile(const std::string& path, int flags, mode_t mode) {
  int fd = -1;
  do {
    fd = open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return FailErrno("cannot open " + path);
  return UniqueFd(fd);
}

Result<std::string> ReadAll(int fd, const std::string& what) {
  constexpr std::size_t kStep = 64 * 1024;

  std::string text;
  std::size_t used = 0;
  // Regular files say how much is coming; one byte more finds their end without another round.
  struct stat info {};
  const bool sized = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0;
  std::size_t step = sized ? static_cast<std::size_t>(info.st_size) + 1 : 4096;
  while (true) {
    text.resize(used + step);
    const ssize_t size = read(fd, text.data() + used, step);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return FailErrno("cannot read " + what);
    used += static_cast<std::size_t>(size);
    if (size == 0) break;
    step = kStep;
  }
  text.resize(used);
  return text;
}

Result<std::string> ReadUpTo(int fd, std::size_t most, const std::string& what) {
  std::string text;
  std::size_t used = 0;
  while (used < most) {
    text.resize(std::min(most, std::max<std::size_t>(2 * used, 4096)));
    const ssize_t size = read(fd, text.data() + used, text.size() - used);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return FailErrno("cannot read " + what);
    if (size == 0) break;
    used += static_cast<std::size_t>(size);
  }
  text.resize(used);
  return text;
}

Result<std::string> ReadFile(const std::string& path) {
  Result<UniqueFd> fd = OpenFile(path, O_RDONLY);
  if (!fd) return tl::unexpected(fd.error());
  return ReadAll(fd->get(), path);
}

Result<> WriteAll(int fd, std::string_view bytes, const std::string& what) {
  while (!bytes.empty()) {
    const ssize_t size = write(fd, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return FailErrno("cannot write " + what);
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return {};
}

}  // namespace colmeia::sys
