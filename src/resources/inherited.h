// Inherited: listening sockets that were open before this program began, passed on by a service manager (socket
// activation, sd_listen_fds(3)) or by the master that this binary takes over from.
//
// Both use the same variables: LISTEN_FDS sockets from descriptor 3 on, named by LISTEN_FDNAMES. They are meant for us
// when LISTEN_PID is our pid, or when COLMEIA_HANDOVER gives the number of the handover channel (master/handover.h):
// the starter of a new binary cannot know its pid before the exec.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "resources/handed_zones.h"
#include "sys/address.h"
#include "sys/unique_fd.h"

namespace colmeia::resources {

inline constexpr const char* kListenPidVariable = "LISTEN_PID";
inline constexpr const char* kListenFdsVariable = "LISTEN_FDS";
inline constexpr const char* kListenNamesVariable = "LISTEN_FDNAMES";
inline constexpr const char* kHandoverVariable = "COLMEIA_HANDOVER";

// The first inherited descriptor, by the protocol.
inline constexpr int kFirstInheritedFd = 3;

struct InheritedSocket {
  std::string name;  // from LISTEN_FDNAMES, or empty
  sys::Address address;
  bool reuseport = false;
  sys::UniqueFd fd;  // non-blocking
};

struct Inheritance {
  std::vector<InheritedSocket> sockets;  // in the order given: that of their reuseport group
  sys::UniqueFd handover;                // set: another master waits for our word
  HandedZones zones;                     // of that other master
  std::vector<std::string> ignored;      // one sentence for each thing that was of no use
};

// Takes what is meant for this process, and unsets the variables in any case, so that no child takes them for its own.
// Once, at the start of the program, before anything else opens a descriptor. What cannot be used (not a listening
// stream socket, not open, a number that is none) is closed or left alone, and told in `ignored`.
[[nodiscard]] Inheritance TakeInherited();

// The same for values given, without touching the environment. `first` instead of descriptor 3 is for tests. Null
// pointers are variables that are not set.
struct InheritedVariables {
  const char* listen_pid = nullptr;
  const char* listen_fds = nullptr;
  const char* listen_names = nullptr;
  const char* handover = nullptr;
  const char* zones = nullptr;
};
[[nodiscard]] Inheritance ReadInherited(const InheritedVariables& variables, int first = kFirstInheritedFd);

// A socket to hand over to a new binary: lent for the call.
struct HandedSocket {
  std::string name;
  int fd = -1;
};

// What was put aside for a new binary gets this at its end: pid file and control socket, as in nginx.
inline constexpr std::string_view kOldSuffix = ".oldbin";

// A name as LISTEN_FDNAMES may hold it: colons and control characters would end it.
[[nodiscard]] std::string InheritableName(std::string_view name);

}  // namespace colmeia::resources
