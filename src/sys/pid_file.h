// PidFile: the file that names the running master, and the lock that makes it the only one.
//
// The lock is flock(2)'s: it belongs to the open file, so it survives a fork in which the parent exits, and ends with
// the last process that holds the descriptor, however that one dies.
// The file is changed or removed only while the path still leads to the very inode that is locked here.
// The folder may be one that others write in: the file is opened by the rules of sys/guarded_open.h and never through a
// symbolic link, and to root another user's file is none of his.
#pragma once

#include <sys/types.h>

#include <string>

#include "sys/unique_fd.h"
#include "util/result.h"

namespace colmeia::sys {

class PidFile {
 public:
  PidFile() = default;  // none
  PidFile(PidFile&&) noexcept = default;
  PidFile& operator=(PidFile&&) noexcept = default;

  // Opens, locks and writes "PID\n"; on success the file is complete. Fails with EWOULDBLOCK and "already running,
  // pid N" when another process holds the lock. A file left by a dead process is taken over; to root, one that is
  // another user's is replaced by a new one.
  [[nodiscard]] static Result<PidFile> Create(const std::string& path, pid_t pid);

  // Names another process: after a fork in which the child goes on.
  [[nodiscard]] Result<> Rewrite(pid_t pid);

  // Renames the file, lock and all: "x.pid" to "x.pid.oldbin". Fails when the path is no longer ours.
  [[nodiscard]] Result<> Rename(const std::string& path);

  // Removes the file if the path is still ours, and releases the lock. Without it the destructor releases the lock
  // (when this was its last holder) and leaves the file.
  void Remove();

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  explicit operator bool() const { return static_cast<bool>(fd_); }

  // The pid in the file, provided that its writer still lives: fails with ESRCH when no process holds the lock, so that
  // a signal never goes to a process that merely got the number later, and with ENOENT without a file: then none runs.
  // Every other error leaves that open: ELOOP for a symbolic link, EEXIST for what is no regular file,
  // EBUSY when a locked file has no pid in it, EPERM when
  // it is neither root's nor ours and names a process of another user than its owner.
  [[nodiscard]] static Result<pid_t> RunningPid(const std::string& path);

 private:
  PidFile(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  [[nodiscard]] bool PathIsOurs() const;

  std::string path_;
  UniqueFd fd_;
};

}  // namespace colmeia::sys
