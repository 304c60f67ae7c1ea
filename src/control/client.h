// Client: one blocking connection to a control socket, for the command line. Every call has a deadline.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "http/method.h"
#include "sys/unique_fd.h"
#include "util/clock.h"
#include "util/result.h"

namespace colmeia::control {

struct Response {
  int status = 0;
  std::string body;
};

// A descriptor of a process (pidfd), by which its end can be awaited whatever becomes of its number. None when there is
// no such process, or on kernels without them (before Linux 5.3).
[[nodiscard]] sys::UniqueFd OpenProcess(pid_t pid);

// Waits for the end of that process; false when it lives on at the deadline.
[[nodiscard]] bool AwaitEnd(const sys::UniqueFd& process, util::TimePoint deadline);

class Client {
 public:
  // The error's code: ENOENT or ECONNREFUSED when no server listens at `path`, EACCES or EPERM when we may not connect,
  // ETIMEDOUT.
  [[nodiscard]] static Result<Client> Connect(const std::string& path, util::TimePoint deadline);

  // Connects anew: the server closes the connection of a client that was stopped, or waited for a reply itself, and
  // did not read. ESTALE when another process listens there by now, or one that we cannot tell from another; other
  // errors are Connect()'s.
  [[nodiscard]] Result<> ConnectAgain(util::TimePoint deadline);

  // Asks and waits. ETIMEDOUT when the answer did not come in time, ECONNRESET when the server left without one.
  [[nodiscard]] Result<Response> Ask(http::Method method, std::string_view path, std::string_view body,
                                     util::TimePoint deadline);

  // The path leads to another socket file by now, or to none: a new master may listen there.
  [[nodiscard]] bool Moved() const;

  // Waits until the process at the other end has ended; false when it lives on at the deadline.
  [[nodiscard]] bool AwaitEnd(util::TimePoint deadline);

  // Of the process that listens; 0 when it is in a PID namespace that we cannot see.
  [[nodiscard]] pid_t server_pid() const { return server_pid_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  Client(std::string path, sys::UniqueFd fd, sys::UniqueFd process, pid_t pid)
      : path_(std::move(path)), fd_(std::move(fd)), process_(std::move(process)), server_pid_(pid) {}
  Result<> Send(std::string_view bytes, util::TimePoint deadline);
  Result<Response> Receive(util::TimePoint deadline);

  std::string path_;
  sys::UniqueFd fd_;
  sys::UniqueFd process_;  // a pidfd of the server; none on kernels without them
  pid_t server_pid_ = 0;
  dev_t device_ = 0;  // of the socket file, as its inode
  ino_t inode_ = 0;
};

}  // namespace colmeia::control
