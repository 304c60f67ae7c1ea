#include "sys/guarded_open.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <deque>

#include <fmt/core.h>

#include "sys/error.h"
#include "util/strings.h"

namespace colmeia::sys {
namespace {

constexpr int kMostLinks = 40;  // as the kernel's

UniqueFd OpenAt(int folder, const std::string& name, int flags, mode_t mode = 0) {
  int fd = -1;
  do {
    fd = openat(folder, name.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  return UniqueFd(fd);
}

bool IsOfProc(int fd) {
  struct statfs info {};
  return fstatfs(fd, &info) == 0 && info.f_type == PROC_SUPER_MAGIC;
}

bool IsTrusted(uid_t owner) { return owner == 0 || owner == geteuid(); }

// Walks along a path, name by name.
class Walk {
 public:
  Walk(const std::string& path, int flags, mode_t mode) : path_(path), flags_(flags), mode_(mode) { Enter(path); }

  Result<UniqueFd> Open() {
    while (true) {
      if (!folder_) return FailErrno("cannot open " + path_);
      const std::string name = names_.empty() ? std::string(".") : names_.front();
      if (!names_.empty()) names_.pop_front();
      const bool is_last = names_.empty();
      UniqueFd next = is_last ? OpenAt(folder_.get(), name, flags_ | O_NOFOLLOW, mode_)
                              : OpenAt(folder_.get(), name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
      if (!next) {
        const int code = errno;
        const UniqueFd link = OpenAt(folder_.get(), name, O_PATH | O_NOFOLLOW);
        struct stat info {};
        const bool is_link = link && fstat(link.get(), &info) == 0 && S_ISLNK(info.st_mode);
        const bool must_be_new = is_last && code == EEXIST;
        if (!is_link || must_be_new) return FailErrno("cannot open " + path_, code);
        if (is_last && (flags_ & O_NOFOLLOW) != 0) {
          return Fail(fmt::format("cannot open {}: it is a symbolic link, and none is followed here", path_), ELOOP);
        }
        if (!IsTrusted(info.st_uid)) {
          return Fail(fmt::format("cannot open {}: \"{}\" is a symbolic link of user {}, and only those of root and of "
                                  "our own user are followed",
                                  path_, name, info.st_uid),
                      ELOOP);
        }
        if (++links_ > kMostLinks) return FailErrno("cannot open " + path_, ELOOP);
        if (!IsOfProc(link.get())) {
          if (auto read = Follow(link.get()); !read) return tl::unexpected(read.error());
          continue;
        }
        next = is_last ? OpenAt(folder_.get(), name, flags_, mode_) : OpenAt(folder_.get(), name, O_PATH | O_DIRECTORY);
        if (!next) return FailErrno("cannot open " + path_);
      }
      if (is_last) return Checked(std::move(next));
      folder_ = std::move(next);
    }
  }

 private:
  // Goes on with `path`, before what is left.
  void Enter(std::string_view path) {
    if (path.starts_with('/') || !folder_) {
      folder_ = OpenAt(AT_FDCWD, path.starts_with('/') ? "/" : ".", O_PATH | O_DIRECTORY);
    }
    std::deque<std::string> names;
    for (const std::string_view name : util::Split(path, '/')) {
      if (!name.empty() && name != ".") names.emplace_back(name);
    }
    names_.insert(names_.begin(), names.begin(), names.end());
  }

  Result<> Follow(int link) {
    char target[PATH_MAX];
    const ssize_t size = readlinkat(link, "", target, sizeof(target));
    if (size <= 0) return FailErrno("cannot open " + path_, size < 0 ? errno : ENOENT);
    Enter({target, static_cast<std::size_t>(size)});
    return {};
  }

  Result<UniqueFd> Checked(UniqueFd fd) const {
    struct stat file {};
    struct stat folder {};
    if ((flags_ & O_ACCMODE) == O_RDONLY || fstat(fd.get(), &file) != 0 || !S_ISREG(file.st_mode)) return fd;
    if (file.st_nlink < 2 || fstat(folder_.get(), &folder) != 0) return fd;
    if (IsTrusted(folder.st_uid) && (folder.st_mode & (S_IWGRP | S_IWOTH)) == 0) return fd;
    return Fail(
        fmt::format("cannot open {}: the file has {} names (hard links), and others may write in its folder: it "
                    "may be another user's; remove this name",
                    path_, file.st_nlink),
        EMLINK);
  }

  const std::string& path_;
  const int flags_;
  const mode_t mode_;
  UniqueFd folder_;
  std::deque<std::string> names_;  // that are left
  int links_ = 0;                  // followed
};

}  // namespace

Result<UniqueFd> OpenGuarded(const std::string& path, int flags, mode_t mode) {
  if (path.empty()) return FailErrno("cannot open a file without a name", ENOENT);
  return Walk(path, flags, mode).Open();
}

std::string_view KindOf(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return "a regular file";
    case S_IFDIR:
      return "a folder";
    case S_IFLNK:
      return "a symbolic link";
    case S_IFSOCK:
      return "a socket";
    case S_IFIFO:
      return "a FIFO";
    case S_IFCHR:
    case S_IFBLK:
      return "a device";
    default:
      return "a file";
  }
}

std::string_view KindAt(const std::string& path) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0 ? KindOf(info.st_mode) : std::string_view();
}

}  // namespace colmeia::sys
