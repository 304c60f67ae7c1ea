// UniqueFd: the one owner of a file descriptor, closed when it goes.
//
// It never makes a descriptor itself. A UniqueFd passed by value is given away; an `int fd` parameter is lent.
#pragma once

#include <utility>

#include "util/result.h"

namespace colmeia::sys {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

  // The descriptor, which now belongs to the caller.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

  // Closes what is held and takes over `fd`. errno is left as it was. A descriptor that was not open is our bug
  // (other code closed what we own) and ends the process.
  void reset(int fd = -1) {
    const int old = std::exchange(fd_, fd);
    if (old >= 0) Close(old);
  }

 private:
  static void Close(int fd) noexcept;

  int fd_ = -1;
};

// A second descriptor of the same open file, closed on exec.
[[nodiscard]] Result<UniqueFd> Duplicate(int fd);

}  // namespace colmeia::sys
