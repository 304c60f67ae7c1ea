// AcceptBy: which worker takes a client from a listening socket when several could, as `accept_by` says.
//
// It is about sockets that workers share. One that belongs to a single seat (`reuseport`) is that seat's affair.
#pragma once

#include <cstdint>
#include <string_view>

namespace colmeia::ipc {

enum class AcceptBy : std::uint8_t {
  kExclusive = 0,  // all wait, the kernel wakes one for each connection (EPOLLEXCLUSIVE)
  kShared = 1,     // all wait, all are woken, the first takes it: the herd
  kReuseport = 2,  // nothing is shared: one socket for each seat, and the kernel spreads connections over them
  kMutex = 3,      // the holder of a lock in shared memory waits, the others do not: nginx's accept_mutex
  kHandoff = 4,    // the master accepts, and passes clients to the workers in turn
};

// As in the configuration.
[[nodiscard]] constexpr std::string_view AcceptByName(AcceptBy way) {
  switch (way) {
    case AcceptBy::kExclusive:
      return "exclusive";
    case AcceptBy::kShared:
      return "shared";
    case AcceptBy::kReuseport:
      return "reuseport";
    case AcceptBy::kMutex:
      return "mutex";
    case AcceptBy::kHandoff:
      return "handoff";
  }
  return "?";
}

}  // namespace colmeia::ipc
