#include "sys/pid_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>

#include <fmt/core.h>

#include "sys/error.h"
#include "sys/files.h"
#include "sys/guarded_open.h"
#include "util/strings.h"

namespace colmeia::sys {

namespace {

constexpr mode_t kPidFileMode = 0644;
// A FIFO in the way makes nobody wait.
constexpr int kFlags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
// How often a file that is another's, or that vanished meanwhile, is replaced by a new one.
constexpr int kMostAttempts = 100;

bool SameInode(int fd, const std::string& path) {
  struct stat by_fd {};
  struct stat by_path {};
  return fstat(fd, &by_fd) == 0 && lstat(path.c_str(), &by_path) == 0 && by_fd.st_dev == by_path.st_dev &&
         by_fd.st_ino == by_path.st_ino;
}

// 0, or the errno of a lock that somebody else holds (EWOULDBLOCK) or that cannot be had.
int TryLock(int fd, int operation) {
  while (flock(fd, operation | LOCK_NB) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

std::optional<pid_t> ReadPid(int fd) {
  char text[32];
  const ssize_t size = pread(fd, text, sizeof(text), 0);
  if (size <= 0) return std::nullopt;
  std::string_view digits(text, static_cast<std::size_t>(size));
  digits = digits.substr(0, digits.find('\n'));
  const auto pid = util::ParseNumber<pid_t>(digits);
  return pid > 0 ? pid : std::nullopt;
}

// Whose process it is; nothing when we cannot tell.
std::optional<uid_t> UserOf(pid_t pid) {
  const Result<std::string> status = ReadFile(fmt::format("/proc/{}/status", pid));
  if (!status) return std::nullopt;
  static constexpr std::string_view kUid = "\nUid:\t";
  const std::size_t at = status->find(kUid);
  if (at == std::string::npos) return std::nullopt;
  const std::string_view rest = std::string_view(*status).substr(at + kUid.size());
  return util::ParseNumber<uid_t>(rest.substr(0, rest.find('\t')));
}

// Opens the file by the rules of its folder. To a link in its place the error says what to do.
Result<UniqueFd> Opened(const std::string& path, int flags) {
  Result<UniqueFd> fd = OpenGuarded(path, flags | kFlags, kPidFileMode);
  struct stat info {};
  if (fd || fd.error().code != ELOOP || lstat(path.c_str(), &info) != 0 || !S_ISLNK(info.st_mode)) return fd;
  return Fail(fd.error().message + "; remove it, or name the file that it leads to in the \"pid\" directive", ELOOP);
}

// What we own is ours; of what root owns nobody says that it is not.
bool IsAnothers(const struct stat& info) { return info.st_uid != 0 && info.st_uid != geteuid(); }

}  // namespace

Result<PidFile> PidFile::Create(const std::string& path, pid_t pid) {
  // Between opening and locking the former owner may remove the file: then the lock is on a file without a name.
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    Result<UniqueFd> fd = Opened(path, O_RDWR | O_CREAT);
    if (!fd) return tl::unexpected(fd.error());
    struct stat info {};
    if (fstat(fd->get(), &info) != 0) return FailErrno("cannot look at " + path);
    if (!S_ISREG(info.st_mode)) {
      return Fail(fmt::format("cannot write the pid file {}: {} stands there", path, KindOf(info.st_mode)), EEXIST);
    }
    const int code = TryLock(fd->get(), LOCK_EX);
    if (code == EWOULDBLOCK) {
      const std::optional<pid_t> other = ReadPid(fd->get());
      return Fail(other ? fmt::format("already running, pid {} ({})", *other, path)
                        : fmt::format("already running: {} is locked", path),
                  EWOULDBLOCK);
    }
    if (code != 0) return FailErrno("cannot lock " + path, code);
    if (!SameInode(fd->get(), path)) continue;
    // Whoever owns the file can write another number into it: root's must be root's. Nobody holds the lock, so it was
    // left behind.
    if (geteuid() == 0 && IsAnothers(info)) {
      if (unlink(path.c_str()) != 0) return FailErrno("cannot replace " + path);
      continue;
    }
    PidFile file(path, std::move(*fd));
    if (Result<> written = file.Rewrite(pid); !written) return tl::unexpected(written.error());
    return file;
  }
  return Fail(fmt::format("cannot have {}: another process exchanges the file again and again", path), EBUSY);
}

Result<> PidFile::Rewrite(pid_t pid) {
  const std::string text = fmt::format("{}\n", pid);
  // One write of a few bytes into the first block, then the cut: a reader finds the old number or the new one. Where
  // the old one has more digits its rest stands on a line of its own for that moment.
  const ssize_t size = pwrite(fd_.get(), text.data(), text.size(), 0);
  if (size != static_cast<ssize_t>(text.size())) return FailErrno("cannot write " + path_, size < 0 ? errno : ENOSPC);
  if (ftruncate(fd_.get(), static_cast<off_t>(text.size())) != 0) return FailErrno("cannot truncate " + path_);
  return {};
}

bool PidFile::PathIsOurs() const { return fd_ && SameInode(fd_.get(), path_); }

Result<> PidFile::Rename(const std::string& path) {
  if (!PathIsOurs()) return Fail(fmt::format("{} is no longer our pid file", path_));
  if (rename(path_.c_str(), path.c_str()) != 0) return FailErrno(fmt::format("cannot rename {} to {}", path_, path));
  path_ = path;
  return {};
}

void PidFile::Remove() {
  if (PathIsOurs()) unlink(path_.c_str());
  fd_.reset();
}

Result<pid_t> PidFile::RunningPid(const std::string& path) {
  Result<UniqueFd> fd = Opened(path, O_RDONLY);
  if (!fd) return tl::unexpected(fd.error());
  struct stat info {};
  if (fstat(fd->get(), &info) != 0) return FailErrno("cannot look at " + path);
  if (!S_ISREG(info.st_mode)) {
    return Fail(fmt::format("{} is no pid file: {} stands there", path, KindOf(info.st_mode)), EEXIST);
  }
  if (TryLock(fd->get(), LOCK_SH) == 0) {
    return Fail(fmt::format("no process holds the lock of {}", path), ESRCH);
  }
  const std::optional<pid_t> pid = ReadPid(fd->get());
  if (!pid) return Fail(fmt::format("no process id in {}, which a process has locked", path), EBUSY);
  const std::optional<uid_t> user = UserOf(*pid);
  if (IsAnothers(info) && user && *user != info.st_uid) {
    return Fail(fmt::format("{} is a file of user {} and names process {}, which is user {}'s: it is left alone", path,
                            info.st_uid, *pid, *user),
                EPERM);
  }
  return *pid;
}

}  // namespace colmeia::sys
