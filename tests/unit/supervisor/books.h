// Books of a supervisor's world, kept from its actions alone, so that a mistake in the supervisor's own books is seen.
#pragma once

#include <cstdint>
#include <map>
#include <set>

#include "supervisor/actions.h"
#include "supervisor/generation.h"

namespace colmeia::supervisor {

// Note() enters an action and fails the test where it breaks what must hold. What processes do of themselves is entered
// by whoever lets them do it.
class Books {
 public:
  // How often things came to pass, so that a test may know that it tested something.
  struct Tally {
    int promotions = 0;
    int rollbacks = 0;
    int spawns = 0;
    int kills = 0;
    int orders = 0;
    int requests = 0;
    int refused = 0;    // answered at once
    int fulfilled = 0;  // answered with kOk
    int switches = 0;   // a relief took a seat over
    int hangs = 0;
    int upgrades = 0;

    Tally& operator+=(const Tally& other);
  };
  [[nodiscard]] const Tally& tally() const { return tally_; }

  // Nothing may come any more.
  [[nodiscard]] bool left() const { return left_; }

 protected:
  struct Process {
    std::uint32_t generation = 0;
    std::uint32_t seat = 0;
    bool told_to_leave = false;
    bool self_draining = false;
    bool killed = false;
    bool adopted = false;
    bool channel_closed = false;
    bool reaped = false;
    bool ready = false;
    [[nodiscard]] bool fills() const {
      return !told_to_leave && !self_draining && !killed && !channel_closed && !reaped;
    }
  };
  enum class NewBinary { kNone, kSpawning, kLives };

  // `serving` is the supervisor's current generation, if it has one.
  void Note(const Action& action, const Generation* serving);

  Tally tally_;
  std::map<std::uint32_t, Process> processes_;  // by slot
  std::set<std::uint32_t> compiling_, opening_;
  std::set<std::uint64_t> asked_;  // and not answered
  bool reopening_ = false;
  bool stopping_ = false;
  bool left_ = false;
  NewBinary upgrade_ = NewBinary::kNone;
  bool upgrade_killed_ = false;

 private:
  struct Noting;
  void CheckSuccession(const Process& old, std::uint32_t slot, const Generation* serving);

  std::set<std::uint32_t> begun_, open_, closed_;
  int starts_told_ = 0;
  bool put_aside_ = false;  // our pid file is .oldbin
  bool stands_in_ = false;
};

}  // namespace colmeia::supervisor
