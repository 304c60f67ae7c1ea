// A request that came over the control socket, complete.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "http/method.h"

namespace colmeia::control {

// Names a request from its arrival until it was replied to, or its client is gone. Never given out twice.
using RequestId = std::uint64_t;

struct Request {
  RequestId id = 0;
  http::Method method = http::Method::kUnknown;
  std::string path{};   // decoded, begins with "/"
  std::string query{};  // as sent, without the "?"
  std::string body{};
  pid_t peer_pid = 0;  // of the process that connected; 0 when it is in a PID namespace that we cannot see
  uid_t peer_uid = 0;
};

}  // namespace colmeia::control
