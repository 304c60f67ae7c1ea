// SocketFile: a listening Unix socket and the file that leads to it.
//
// Made with mode 0600 from its first moment. Paths too long for a socket address (over 107 bytes) are reached through
// the directory's descriptor in /proc/self/fd. The file is renamed or removed only while the path still leads to the
// very inode that was made here: a process that took the path over keeps it.
#pragma once

#include <sys/types.h>

#include <string>

#include "sys/unique_fd.h"
#include "util/clock.h"
#include "util/result.h"

namespace colmeia::control {

class SocketFile {
 public:
  SocketFile() = default;  // none
  SocketFile(SocketFile&& other) noexcept = default;
  // What was held before is closed, its file stays: see Remove().
  SocketFile& operator=(SocketFile&& other) noexcept = default;

  // Listens at `path`, non-blocking. A socket file without a listener is replaced; one that answers, or a
  // file of another kind, is an error (EADDRINUSE) and left alone.
  [[nodiscard]] static Result<SocketFile> Listen(const std::string& path);

  // Moves the file, as "x.control" to "x.control.oldbin". Connections do not notice. Fails when the path is no longer
  // ours.
  [[nodiscard]] Result<> Rename(const std::string& path);

  // Stops listening and removes the file if it is still ours. Without it the destructor leaves the file.
  void Remove();

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] int fd() const { return fd_.get(); }
  explicit operator bool() const { return static_cast<bool>(fd_); }

 private:
  SocketFile(std::string path, sys::UniqueFd fd, dev_t device, ino_t inode)
      : path_(std::move(path)), fd_(std::move(fd)), device_(device), inode_(inode) {}
  [[nodiscard]] bool PathIsOurs() const;

  std::string path_;
  sys::UniqueFd fd_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

// A blocking connection to a socket file, for clients. Fails with ENOENT or ECONNREFUSED without a listener, EACCES
// when we may not, EAGAIN when `limit` passed before there was room for us.
[[nodiscard]] Result<sys::UniqueFd> ConnectTo(const std::string& path, util::Milliseconds limit);

}  // namespace colmeia::control
