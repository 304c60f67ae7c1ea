// Notifier: tells the service manager how the server is (sd_notify(3)): one datagram to the socket that NOTIFY_SOCKET
// names. Without that variable it does nothing.
//
// The protocol is a documented, stable one of a few lines, so no library is needed for it. A manager that does not read
// never holds us up: what its socket does not take now is sent a little later, in order.
#pragma once

#include <sys/types.h>

#include <deque>
#include <functional>
#include <string>
#include <string_view>

#include "loop/loop.h"
#include "loop/timer.h"
#include "util/clock.h"

namespace colmeia::master {

struct NotifyOptions {
  std::string socket;          // a path, "@name" for an abstract one; empty = no service manager
  util::Milliseconds feed{0};  // how often the watchdog wants to hear of us: half of WATCHDOG_USEC; 0 = never
};

// Out of NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. The variables stay set: a new binary needs them. A watchdog
// that is meant for another process (WATCHDOG_PID) is none of ours.
[[nodiscard]] NotifyOptions NotifyOptionsFromEnvironment();

class Notifier {
 public:
  // `loop` must outlive it.
  Notifier(loop::Loop& loop, NotifyOptions options);

  // Whether a service manager listens: then it follows us to a new master by MainPid().
  [[nodiscard]] bool active() const { return !options_.socket.empty(); }

  // READY=1: the start, or a reload, is over. Also after a reload that failed: there is no word for that, and the
  // server serves.
  void Ready();
  // RELOADING=1 with the monotonic time, which tells an old notice from a new one.
  void Reloading();
  // STOPPING=1.
  void Stopping();
  // STATUS=, one line for `systemctl status`; lines after the first are left out. The same text again is not sent.
  void Status(std::string_view text);
  // MAINPID=: from now on that process is the service.
  void MainPid(pid_t pid);

  // What is said from here on waits, up to its last 64 pieces, until Release(): the old master speaks for the service.
  void Hold() { held_ = true; }
  void Release();

  // From here on WATCHDOG=1 is sent at the manager's pace, each time that `alive` says so: while at least one worker's
  // heartbeat is fresh. A server that hangs as a whole is then restarted by the manager.
  void FeedWatchdog(std::function<bool()> alive);

 private:
  void Feed();
  void Send(std::string text);
  void Flush();

  NotifyOptions options_;
  bool held_ = false;
  std::string status_;
  std::deque<std::string> waiting_;
  std::function<bool()> alive_;
  loop::Timer retry_;
  loop::Timer feed_;
};

}  // namespace colmeia::master
