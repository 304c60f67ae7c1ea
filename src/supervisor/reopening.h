// The reopening of log files: which workers have yet to switch to the new descriptors.
//
// It sends nothing; the supervisor asks for it (ReopenLogs), hears of it (LogsReopened) and tells how it ended.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "supervisor/events.h"
#include "util/clock.h"

namespace colmeia::supervisor {

class Reopening {
 public:
  // How long workers may take.
  static constexpr util::Milliseconds kLimit{5000};

  enum class State {
    kIdle,     // nothing to do
    kOpening,  // the master opens the files
    kAwaited,  // workers were sent theirs, some have not answered
  };

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] std::optional<util::TimePoint> deadline() const { return deadline_; }
  [[nodiscard]] std::uint32_t files() const { return files_; }
  [[nodiscard]] std::uint32_t switched() const { return switched_; }  // workers that answered for all files
  [[nodiscard]] const std::vector<std::string>& failures() const { return failures_; }
  [[nodiscard]] std::vector<std::uint32_t> Laggards() const;  // slots that have not answered, each once

  void Begin() { state_ = State::kOpening; }
  void Opened(const LogsReopened& answer, util::TimePoint now);

  // A worker answered the frame of this number; or it is gone, and what it owes is forgotten.
  void Done(std::uint32_t slot, std::uint32_t in_reply_to);
  void Gone(std::uint32_t slot);

  // True when no process is awaited any more.
  [[nodiscard]] bool complete() const { return state_ == State::kAwaited && owed_.empty(); }

  void Finish() { *this = Reopening{}; }

 private:
  State state_ = State::kIdle;
  std::vector<LogsReopened::Sent> owed_;
  std::vector<std::string> failures_;
  std::uint32_t files_ = 0;
  std::uint32_t switched_ = 0;
  std::optional<util::TimePoint> deadline_;
};

}  // namespace colmeia::supervisor
