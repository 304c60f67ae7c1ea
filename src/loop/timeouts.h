// Timeouts: deadlines of many connections, most of which never pass.
//
// Timeouts of equal length stand in one list, in the order in which they were armed, so the first one of each list is
// the next to pass. Arming anew moves an entry to the end of its list: a few pointer writes, no search, no system call.
// One timer of the loop serves them all (the owner's `schedule`).
//
//   Timeouts timeouts([&](util::TimePoint when) { timer.StartAt(when); });
//   timeouts.Arm(connection, 75s, now);
//   timer callback: timeouts.Expire(now);
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "util/clock.h"
#include "util/intrusive_list.h"

namespace colmeia::loop {

// What is told that time is up. At most one timeout each.
class TimeoutListener {
 public:
  TimeoutListener() = default;
  TimeoutListener(const TimeoutListener&) = delete;
  TimeoutListener& operator=(const TimeoutListener&) = delete;

  // The timeout is disarmed already. May destroy this and any other listener, and arm anything.
  virtual void OnTimeout() = 0;

  [[nodiscard]] bool armed() const { return list_ != nullptr; }
  // REQUIRES: armed().
  [[nodiscard]] util::TimePoint deadline() const { return deadline_; }

 protected:
  // REQUIRES: disarmed.
  ~TimeoutListener() = default;

 private:
  friend class Timeouts;
  struct List;

  util::ListLink<TimeoutListener> link_;
  List* list_ = nullptr;
  util::TimePoint deadline_{};
};

class Timeouts {
 public:
  // `schedule` asks for a call of Expire() at that time. It comes only when that is earlier than what was asked for
  // before, or when nothing was asked for.
  using Schedule = std::function<void(util::TimePoint)>;

  explicit Timeouts(Schedule schedule);
  // REQUIRES: nothing is armed.
  ~Timeouts();
  Timeouts(const Timeouts&) = delete;
  Timeouts& operator=(const Timeouts&) = delete;

  // OnTimeout() comes `length` after `now`; what was armed before is forgotten. REQUIRES: `now` never goes back.
  void Arm(TimeoutListener& listener, util::Milliseconds length, util::TimePoint now);

  // Does nothing when it is not armed.
  void Disarm(TimeoutListener& listener);

  // Calls everybody whose time is up, then schedules the next call if anything is left.
  void Expire(util::TimePoint now);

  [[nodiscard]] std::size_t armed() const;
  // Lists kept: one for each length ever used.
  [[nodiscard]] std::size_t lengths() const { return lists_.size(); }

 private:
  using List = TimeoutListener::List;

  [[nodiscard]] List& ListOf(util::Milliseconds length);
  static void Unlink(TimeoutListener& listener);
  void ScheduleAt(util::TimePoint when);

  Schedule schedule_;
  std::vector<std::unique_ptr<List>> lists_;  // few: one per length in the configuration
  std::optional<util::TimePoint> scheduled_;
};

}  // namespace colmeia::loop
