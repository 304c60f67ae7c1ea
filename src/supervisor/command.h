// What the control socket can ask the master to do: orders that take their time, and are answered with a result.
//
// Questions, which are answered at once, are control::View (control/routes.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace colmeia::supervisor {

enum class Command {
  kReload,   // a new generation from the configuration file
  kReopen,   // open the log files anew
  kQuit,     // finish what is open, then leave
  kStop,     // leave now
  kUpgrade,  // a new binary takes over
  kRestart,  // a new process for each worker, one after the other
  kScale,    // so many workers; the argument is their number
  kDrain,    // one worker finishes and leaves, another takes its seat; the argument is its slot
  kKill,     // one worker is killed; the argument is its slot
};

// "reload"
[[nodiscard]] std::string_view CommandName(Command command);

struct Order {
  Command command = Command::kReload;
  std::uint32_t argument = 0;  // of kScale, kDrain and kKill
  bool operator==(const Order&) const = default;
};

// "reload", "drain 3"
[[nodiscard]] std::string Describe(const Order& order);

}  // namespace colmeia::supervisor
