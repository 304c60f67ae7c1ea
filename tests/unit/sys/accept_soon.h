// Accepts somebody whose connect(2) has returned: on a busy machine the last step of the handshake may come a moment
// later.
#pragma once

#include <poll.h>

#include <vector>

#include "sys/sockets.h"

namespace colmeia::sys {

inline constexpr int kSoon = 20'000;  // milliseconds; only a failure takes so long

// Waits until one of these listening sockets has somebody in its queue.
inline void UntilSomebodyIsThere(const std::vector<int>& listeners) {
  std::vector<pollfd> waited;
  for (const int listener : listeners) waited.push_back({listener, POLLIN, 0});
  poll(waited.data(), waited.size(), kSoon);
}

inline Accepted AcceptSoon(int listener) {
  UntilSomebodyIsThere({listener});
  return Accept(listener);
}

}  // namespace colmeia::sys
