// Rotation: workers that are to be replaced while they serve, one at a time, the replacement ready first.
//
//   kIdle --Begin--> kStarting --Switched--> kLeaving --Finish--> kIdle
//                        |      the replacement serves,               ^
//                        |      the old one drains                    |
//                        +----------------- Finish -------------------+   the replacement failed, or was not needed
//
// Rolling restart, recycling and the draining of one worker are all this. It is a record: the supervisor spawns, tells
// and decides when the next one's turn has come. While a replacement starts, the old worker fills the seat; should the
// old one leave it meanwhile, the replacement fills it at once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "util/clock.h"

namespace colmeia::supervisor {

class Rotation {
 public:
  // How long the next one waits for the old worker to leave: a client that never ends must not keep the others old.
  static constexpr util::Milliseconds kPatience{30000};

  enum class State {
    kIdle,      // no worker is being replaced
    kStarting,  // a replacement starts
    kLeaving,   // it serves, and the old worker finishes what is open
  };

  enum class Reason {
    kRestart,  // of all workers: the failure of one ends it
    kDrain,    // an operator wants this very worker gone
    kRecycle,  // it has served long enough, or has grown too large
  };

  struct Job {
    std::uint32_t slot = 0;
    Reason reason = Reason::kRestart;
    std::string why;  // follows the worker's name in the log
  };

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] std::optional<util::TimePoint> deadline() const { return deadline_; }

  // The worker to be replaced, while its replacement starts or it drains; nullopt when idle.
  [[nodiscard]] std::optional<std::uint32_t> old() const;
  // Its replacement, while that one starts.
  [[nodiscard]] std::optional<std::uint32_t> relief() const;

  // Workers that wait for their turn, in order. A worker waits once; an operator's wish outlives a restart.
  [[nodiscard]] std::vector<Job>& waiting() { return waiting_; }
  [[nodiscard]] const std::vector<Job>& waiting() const { return waiting_; }
  void Add(Job job);

  // REQUIRES: idle. Takes the slot of `old` from those that wait.
  void Begin(std::uint32_t old, std::uint32_t relief);
  // REQUIRES: kStarting.
  void Switched(util::TimePoint now);
  void Finish();
  void Clear() { *this = Rotation{}; }

 private:
  State state_ = State::kIdle;
  std::uint32_t old_ = 0;
  std::uint32_t relief_ = 0;
  std::optional<util::TimePoint> deadline_;  // of kLeaving
  std::vector<Job> waiting_;
};

}  // namespace colmeia::supervisor
