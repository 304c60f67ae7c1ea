// The process that listens on an address: for the error message of a server that cannot.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "sys/address.h"

namespace colmeia::sys {

struct PortHolder {
  pid_t pid = 0;
  std::string name;  // as `ps -o comm` shows it
};

// The process with the lowest number that holds a socket in the way of listening on `address`: on the same port and
// address, or on a wildcard; on the same path for a Unix socket. Read from /proc, so processes of other users are only
// seen by root. It gives up after kMostDescriptors descriptors, some tens of milliseconds. `root` is for tests.
inline constexpr int kMostDescriptors = 50'000;
[[nodiscard]] std::optional<PortHolder> FindPortHolder(const Address& address, const std::string& root = "/proc");

}  // namespace colmeia::sys
