// Signals: signals as events of the loop, with their sender (signalfd(2)).
//
// SIGCHLD is never among them: libuv uses it for Process.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "loop/loop.h"

namespace colmeia::loop {

struct SignalInfo {
  int number = 0;
  pid_t sender_pid = 0;  // 0 when the kernel sent it, or a process outside our pid namespace
  uid_t sender_uid = 0;
  bool from_process = false;  // sent by kill() and its kin, not by a terminal or the kernel
};

class Signals final {
 public:
  // Blocks `signals` in this thread. They stay blocked after this is gone: one that comes too late must not change the
  // way in which the process ends. Construct it before any thread is started. `loop` must outlive this.
  // Children spawned by Process start with nothing blocked. The callback may destroy this.
  Signals(Loop& loop, const std::vector<int>& signals, std::function<void(const SignalInfo&)> callback);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  struct Reader;

  std::shared_ptr<Reader> reader_;  // shared with the callback under way, which may destroy this
};

// "SIGTERM", or "signal 99" for a number that has no name.
[[nodiscard]] std::string SignalName(int number);

}  // namespace colmeia::loop
