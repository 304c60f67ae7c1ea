// The table of slots: which processes live, in which state, and until when that is tolerated. One slot is one process's
// life.
//
//                Take            Ready            told to leave, or drains by itself
//     kEmpty ----------> kStarting ------> kReady ------------------> kDraining
//        ^                  |  |  told to leave  ^^ never back            |
//        |                  |  +------------------------------------------+
//        |                  |     SIGKILL was sent, or SIGABRT first      |
//        |                  +--------------> kKilled <--------------------+   (kReady, too)
//        |                                      |
//        +------------------ kGone <------------+   (every living state: reaped, or its channel closed)
//          both ends seen
//
// A process has two ends: its channel closes, and its exit is reaped. The first to be seen makes the slot kGone, the
// second makes it kEmpty and free for another process; so a slot number in flight never means another process.
//
// The table decides nothing and sends nothing; the supervisor does. scoreboard::SlotState has the states.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "scoreboard/layout.h"
#include "util/clock.h"

namespace colmeia::supervisor {

using scoreboard::SlotState;

// What a worker was told about its end, from mild to harsh.
enum class SlotOrder {
  kNone,   // nothing: it is wanted
  kDrain,  // finish what is open, then leave
  kStop,   // leave now
};

// How far a worker has come by its own messages.
enum class SlotSaid {
  kNothing,
  kHello,     // and was adopted: it understands messages
  kReady,     // it serves, or did
  kDraining,  // it accepts no more
};

// Which of a process's two ends were seen.
enum class SlotEnds {
  kNone,
  kChannel,  // its channel closed
  kExit,     // it was reaped
  kBoth,
};

struct Slot {
  SlotState state = SlotState::kEmpty;
  std::uint32_t generation = 0;
  std::uint32_t seat = 0;
  pid_t pid = 0;  // 0 until spawned

  bool seated = false;  // it fills its seat; no more once told to leave, or draining by itself
  SlotSaid said = SlotSaid::kNothing;
  bool failed = false;  // it said Failed
  SlotOrder order = SlotOrder::kNone;

  std::optional<util::TimePoint> deadline;  // of the present state; what happens then is the supervisor's affair
  std::string why;                          // the reason that it, or we, gave for its end

  SlotEnds ends = SlotEnds::kNone;
  bool killed = false;                     // SIGKILL was sent
  std::optional<util::Milliseconds> hung;  // SIGABRT was sent: for how long it had been silent then
  bool traced = false;                     // it was reported as silent and held by a debugger
  int exit_code = 0;                       // valid when reaped
  int exit_signal = 0;
  std::string serving;  // the request that it was at when it crashed, as far as it said

  [[nodiscard]] bool living() const { return state != SlotState::kEmpty; }
  [[nodiscard]] bool adopted() const { return said >= SlotSaid::kHello; }
  [[nodiscard]] bool was_ready() const { return said >= SlotSaid::kReady; }
  // It may accept connections: it was adopted, has not said Draining, and is neither killed nor gone.
  [[nodiscard]] bool accepting() const;
  [[nodiscard]] bool channel_closed() const { return ends == SlotEnds::kChannel || ends == SlotEnds::kBoth; }
  [[nodiscard]] bool reaped() const { return ends == SlotEnds::kExit || ends == SlotEnds::kBoth; }
  // `end` was seen, kChannel or kExit.
  void See(SlotEnds end) { ends = ends == SlotEnds::kNone || ends == end ? end : SlotEnds::kBoth; }
};

// How its process ended: "was killed by signal 6 (SIGABRT), hung for 3 s, serving "GET /a HTTP/1.1"". REQUIRES: reaped.
[[nodiscard]] std::string DescribeEnd(const Slot& slot);

class SlotTable {
 public:
  static constexpr std::uint32_t kSize = scoreboard::kSlots;

  SlotTable() : slots_(kSize) {}

  // Gives the lowest free slot to a new process, in kStarting; nullopt when all are taken.
  [[nodiscard]] std::optional<std::uint32_t> Take(std::uint32_t generation, std::uint32_t seat);

  // REQUIRES: a transition of the diagram, other than Take's.
  void Enter(std::uint32_t slot, SlotState state);

  // Makes a kGone slot, or a kStarting or kKilled one that was never spawned, empty again.
  void Free(std::uint32_t slot);

  [[nodiscard]] Slot& operator[](std::uint32_t slot) { return slots_[slot]; }
  [[nodiscard]] const Slot& operator[](std::uint32_t slot) const { return slots_[slot]; }

  // True for a slot number within the table that is not kEmpty.
  [[nodiscard]] bool Lives(std::uint32_t slot) const { return slot < kSize && slots_[slot].living(); }

  // No living slot is at or above this: where a loop may end.
  [[nodiscard]] std::uint32_t used() const { return used_; }
  [[nodiscard]] std::uint32_t living() const { return living_; }
  [[nodiscard]] std::uint32_t free() const { return kSize - living_; }

  [[nodiscard]] std::uint32_t LivingIn(std::uint32_t generation) const;

  // The slot whose worker fills this seat.
  [[nodiscard]] std::optional<std::uint32_t> Occupant(std::uint32_t generation, std::uint32_t seat) const;

 private:
  std::vector<Slot> slots_;
  std::uint32_t used_ = 0;
  std::uint32_t living_ = 0;
};

}  // namespace colmeia::supervisor
