#include "files/loader.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <string>
#include <utility>

#include "sys/unique_fd.h"
#include "util/check.h"

namespace colmeia::files {
namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

// A kernel stamps files with the time of its last tick, which comes 100 to 1000 times a second.
constexpr std::int64_t kTickNs = 20'000'000;
// File systems without fractions of a second count in steps of one or two seconds.
constexpr std::int64_t kCoarseTickNs = 2 * kNanosecondsPerSecond;

// The clock that file systems stamp with.
timespec StampClock() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return now;
}

// Whether a file that is stamped at that time cannot be stamped so again.
bool IsOld(std::int64_t stamp_s, std::int64_t stamp_ns, const timespec& read_at) {
  const std::int64_t seconds = read_at.tv_sec - stamp_s;
  if (seconds > 3600) return true;  // also keeps the product below from overflowing
  if (seconds < -3600) return false;
  const std::int64_t age = seconds * kNanosecondsPerSecond + read_at.tv_nsec - stamp_ns;
  return age > (stamp_ns == 0 ? kCoarseTickNs : kTickNs);
}

int OpenForReading(const char* path) {
  // A pipe's other end must not keep us waiting, and a terminal must not become ours.
  int fd = -1;
  do {
    fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

// Up to `size` bytes from the file's beginning; fewer when it is shorter by now. errno when reading fails.
int ReadContent(int fd, std::size_t size, std::string& content) {
  content.resize(size);
  std::size_t have = 0;
  while (have < size) {
    const ssize_t got = pread(fd, content.data() + have, size - have, static_cast<off_t>(have));
    if (got < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  content.resize(have);
  return 0;
}

// What cannot be opened, for `error`: a socket, a folder that may be searched but not listed and the like have facts
// all the same. A regular file has not.
Loaded Unopened(const char* path, int error) {
  if (error == ENOENT || error == ENOTDIR) return {nullptr, error, false};
  const Found found = Look(path);
  if (found.error != 0 || found.stamp.kind() == Kind::kRegular) return {nullptr, error, false};
  return {std::make_shared<const File>(found.stamp), 0, true};
}

// One attempt. `whole` is false when the file shrank while it was read.
Loaded LoadOnce(const char* path, std::size_t small, bool& whole) {
  whole = true;
  const timespec read_at = StampClock();
  sys::UniqueFd fd(OpenForReading(path));
  if (!fd) return Unopened(path, errno);
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) return {nullptr, errno, false};
  const Stamp stamp = Stamp::Of(status);
  const bool settled = IsSettled(stamp, read_at);
  const Settling settling{.changed = settled, .modified = IsOld(stamp.modified_s, stamp.modified_ns, read_at)};
  if (stamp.kind() != Kind::kRegular) return {std::make_shared<const File>(stamp), 0, settled};
  if (stamp.size > small) return {std::make_shared<const File>(stamp, std::move(fd), settling), 0, settled};
  std::string content;
  if (const int error = ReadContent(fd.get(), static_cast<std::size_t>(stamp.size), content); error != 0) {
    return {nullptr, error, false};
  }
  whole = content.size() == stamp.size;
  return {std::make_shared<const File>(stamp, std::move(content), settling), 0, settled && whole};
}

}  // namespace

bool IsSettled(const Stamp& stamp, const timespec& read_at) {
  return IsOld(stamp.changed_s, stamp.changed_ns, read_at);
}

Found Look(std::string_view path) {
  CHECK(path.data()[path.size()] == '\0');
  struct stat status {};
  int result = 0;
  do {
    result = stat(path.data(), &status);
  } while (result != 0 && errno == EINTR);
  if (result != 0) return {{}, errno};
  return {Stamp::Of(status), 0};
}

Loaded Load(std::string_view path, std::size_t small) {
  CHECK(path.data()[path.size()] == '\0');
  static constexpr int kAttempts = 3;  // somebody truncates and writes anew: a moment later it is whole
  Loaded loaded;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    bool whole = false;
    loaded = LoadOnce(path.data(), small, whole);
    if (whole) break;
  }
  return loaded;
}

}  // namespace colmeia::files
