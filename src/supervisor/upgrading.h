// The upgrade to a new binary, as the old master sees it.
//
//            StartUpgrade     UpgradeSpawned       UpgradeReady          by request
//   (none) --------------> kSpawning ------> kStarting ------> kServing ----------> kRetiring --> we leave
//                              |                |  too late, or   |                     |
//                              |                |  told to stop   |                     |
//                              |                +---> kEnding     |                     |
//                              +----------------+--------+--------+---------------------+--> (none)   it has ended,
//                                                                                            and we go on
//
// By signal (USR2) the operator goes on with nginx's signals once both serve: WINCH drains our workers, QUIT ends us,
// HUP has our workers back; there is no limit to anything. By request it is one command, with a limit for each step.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "util/clock.h"

namespace colmeia::supervisor {

struct Upgrading {
  enum class Stage {
    kNone,      // no new binary
    kSpawning,  // it is being started
    kStarting,  // it runs, and does not serve yet
    kServing,   // it serves, as we do
    kRetiring,  // it serves, our workers drain, and we leave after them
    kEnding,    // it came to nothing: its exit is awaited
  };

  Stage stage = Stage::kNone;
  pid_t pid = 0;  // 0 until spawned
  bool by_request = false;
  std::string why;                          // it came to nothing
  std::optional<util::TimePoint> deadline;  // kStarting: to be ready; kRetiring: to be answered; kEnding: SIGKILL

  [[nodiscard]] bool under_way() const { return stage != Stage::kNone; }
};

}  // namespace colmeia::supervisor
