// A generation: all workers started from one configuration, and how far it has come.
//
//   kCompiling --> kOpening --> kStarting --> kServing --> kRetiring --> (closed)
//       |             |             |             |            ^
//       +-------------+-------------+--- failed --|------------+
//                                                 +--WINCH--> kResting --> kRetiring
//
// At most one generation is on its way up (kCompiling to kStarting), at most one is current (kServing or kResting); any
// number may be retiring. It is a record: the supervisor moves it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "supervisor/backoff.h"
#include "supervisor/events.h"
#include "util/clock.h"

namespace colmeia::supervisor {

enum class Stage {
  kCompiling,  // a compiler child reads its configuration
  kOpening,    // its listeners, logs and pid file are being opened
  kStarting,   // its workers start; one failure is the failure of all
  kServing,    // current: every seat is kept filled
  kResting,    // current, without workers at the operator's wish; its listeners stay open
  kRetiring,   // its workers are told to leave; closed when the last one is gone
};

// What the master holds open for a generation: listeners, logs and, of the first one, the pid file.
enum class Listeners {
  kNone,  // nothing yet: ResourcesOpened has not come
  kOpen,
  kRemoved,  // RemoveListeners was said: no later generation has the ones that it names
  kClosed,   // CloseListeners was said: none of its workers accepts any more
};

struct Generation {
  std::uint32_t number = 0;
  Stage stage = Stage::kCompiling;
  PlanPtr plan;                // nullptr until compiled
  std::vector<Backoff> seats;  // as many as workers are wanted; empty until kStarting

  bool compiler_lives = false;  // Compiled is awaited
  Listeners listeners = Listeners::kNone;
  bool rejected = false;           // it failed on its way up and was rolled back
  bool hurried = false;            // too many drain: it got a limit where its configuration has none
  std::uint32_t served_seats = 0;  // as last told by SeatsChanged
  std::uint32_t wanted_seats = 0;  // the same

  std::optional<util::TimePoint> deadline;  // of kCompiling

  [[nodiscard]] bool rising() const { return stage < Stage::kServing; }
  [[nodiscard]] bool current() const { return stage == Stage::kServing || stage == Stage::kResting; }
  [[nodiscard]] bool wants_workers() const { return stage == Stage::kStarting || stage == Stage::kServing; }
};

}  // namespace colmeia::supervisor
