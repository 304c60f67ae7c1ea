// The supervisor: the whole life cycle of the server as arithmetic. Events and the time go in, actions come out.
//
// It is pure: no descriptor, no process, no clock, no I/O, no libuv; it does not wait and never fails. The shell
// (master/master.h) makes events out of callbacks (master/events.h) and performs actions (master/actions.h).
//
// How it works: an event changes records (slots, generations, what is wanted); then, after every event, the desired
// table is compared with the living one (Reconcile): workers not wanted are told to leave, seats not filled are filled,
// what nobody needs is closed. No event has a spawn path of its own.
//
//   A reload is a transaction. Signal HUP -> Compile -> Compiled -> OpenResources -> ResourcesOpened -> Spawn each ->
//   Hello -> Adopt -> Ready from all -> Promote, and only then Drain for the workers of the old generation. Whatever
//   fails on the way rolls back what was begun, and the old generation has not noticed. The first start is the same
//   way, but there is nothing to go back to: its failure ends the server.
//
//   Stopping. TERM, INT: Stop to all, SIGKILL after kStopGrace (about nginx's 3.15 s), at once at a second TERM. QUIT:
//   Drain to all, SIGKILL at worker_shutdown_timeout + kKillDelay, never where that is unset; TERM escalates. A worker
//   that was not adopted yet serves nobody and understands no message: it is killed.
//
// Invariants:
// 1. A seat of a generation is filled by at most one worker; one that drains fills none.
// 2. Leave comes last, once, and never while a child lives.
// 3. A slot is given out again only after its channel closed and its exit was reaped.
// 4. Nothing is spawned and nothing compiled once the server is told to stop.
// 5. After On(Deadline{}, now), NextDeadline() is later than `now`.
//
//   for (const Action& action : supervisor.On(event, clock.Now())) Perform(action);
//   timer.StartAt(supervisor.NextDeadline());
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "master/actions.h"
#include "master/events.h"
#include "master/generation.h"
#include "master/reopening.h"
#include "master/signals.h"
#include "master/slots.h"
#include "util/clock.h"

namespace colmeia::master {

// What the server as a whole is about. Only ever moves down this list.
enum class Phase {
  kIdle,      // Start has not come
  kStarting,  // generation 1 is on its way up; its failure ends the server
  kServing,   // a generation is current; failures are survived
  kQuitting,  // QUIT: workers finish what is open
  kStopping,  // TERM, INT, or a failed start: workers leave now
  kLeft,      // Leave was said; nothing happens any more
};

class Supervisor {
 public:
  static constexpr util::Milliseconds kStopGrace{3000};       // from Stop to SIGKILL
  static constexpr util::Milliseconds kKillDelay{1000};       // beyond worker_shutdown_timeout, to SIGKILL
  static constexpr util::Milliseconds kRejectedDrain{30000};  // for a rolled-back generation whose timeout is unset
  static constexpr util::Milliseconds kExitGrace{5000};       // from the end of a channel to the exit
  static constexpr util::Milliseconds kChannelGrace{1000};    // from the exit to the end of its channel
  static constexpr util::Milliseconds kFailedGrace{1000};     // from Failed to the exit
  static constexpr util::Milliseconds kCompileLimit{60000};
  static constexpr util::Milliseconds kCalm{5000};    // all workers serve for this long: no longer degraded
  static constexpr std::uint32_t kMostWorkers = 512;  // that TTIN reaches: half the slots, so that a reload has room

  // The actions are to be performed in order. `now` never goes back.
  [[nodiscard]] std::vector<Action> On(const Event& event, util::TimePoint now);

  // When it wants to be called with Deadline{}, at the latest; nullopt: not before the next event.
  [[nodiscard]] std::optional<util::TimePoint> NextDeadline() const;

  // For the curious (tests, status); valid until the next On().
  [[nodiscard]] Phase phase() const { return phase_; }
  [[nodiscard]] const SlotTable& slots() const { return slots_; }
  [[nodiscard]] const std::vector<Generation>& generations() const { return generations_; }
  [[nodiscard]] const Generation* current() const;
  [[nodiscard]] bool degraded() const { return degraded_; }

 private:
  // supervisor.cc: which event goes where, and when to be called again.
  void Handle(const Start& event);
  void Handle(const Signal& event);
  void Handle(const Compiled& event);
  void Handle(const ResourcesOpened& event);
  void Handle(const ResourcesFailed& event);
  void Handle(const Spawned& event);
  void Handle(const SpawnFailed& event);
  void Handle(const Received& event);
  void Handle(const ChannelClosed& event);
  void Handle(const Exit& event);
  void Handle(const LogsReopened& event);
  void Handle(const Deadline& event);
  template <class Other>
  void Handle(const Other&) {}
  void CheckDeadlines();

  // supervisor_reconcile.cc: the comparison of what is wanted with what lives.
  void Reconcile();
  void PromoteWhenReady();
  void FillSeats();
  void GiveOrders();
  void CloseWhatIsUnused();
  void UpdateDegraded();
  void UpdateServer();
  void LeaveWhenAlone();
  [[nodiscard]] Order WantedOrder(const Slot& slot) const;

  // supervisor_signals.cc: what an operator asks for. `received` begins the log line.
  void Stop(const SignalRow& row, const std::string& received);
  void Quit(const SignalRow& row, const std::string& received);
  void Reload(const SignalRow& row, const std::string& received);
  void Reopen(const SignalRow& row, const std::string& received);
  void Retire(const SignalRow& row, const std::string& received);
  void Scale(const SignalRow& row, const std::string& received);
  void EndGenerations(const std::string& why);
  void KillAll();
  void FinishReopening();

  // supervisor_generations.cc: the way of a generation, up and down.
  void BeginGeneration(PlanPtr plan);
  void Open(Generation& generation, PlanPtr plan);
  void Promote(Generation& generation);
  void Fail(Generation& generation, Outcome outcome, std::string_view what, const std::string& why);
  [[nodiscard]] Generation* Find(std::uint32_t number);
  [[nodiscard]] const Generation* Find(std::uint32_t number) const;
  [[nodiscard]] Generation* Rising();
  [[nodiscard]] std::size_t ReadySeats(const Generation& generation) const;
  [[nodiscard]] std::vector<std::uint32_t> EmptySeats(const Generation& generation) const;
  [[nodiscard]] util::Milliseconds DrainLimit(std::uint32_t generation) const;  // 0 = none

  // supervisor_workers.cc: the way of one worker.
  void SpawnInto(const Generation& generation, std::uint32_t seat, std::uint32_t slot);
  void Tell(std::uint32_t slot, Order order);
  void KillNow(std::uint32_t slot);
  void Overdue(std::uint32_t slot);
  void Breach(std::uint32_t slot, const std::string& what);
  bool FailsItsGeneration(std::uint32_t slot, Outcome outcome, const std::string& what);
  void DrainsByItself(std::uint32_t slot);
  void EndSeen(std::uint32_t slot);
  void Bury(std::uint32_t slot);
  std::string Vacate(const Slot& slot);  // returns when the seat is filled again, in words for the log
  void EnterState(std::uint32_t slot, SlotState state);
  void OnMessage(std::uint32_t slot, const ipc::Hello& message);
  void OnMessage(std::uint32_t slot, const ipc::Ready& message);
  void OnMessage(std::uint32_t slot, const ipc::Draining& message);
  void OnMessage(std::uint32_t slot, const ipc::Failed& message);
  [[nodiscard]] std::string Name(const Slot& slot) const;  // "worker 3 (pid 123)"

  void Do(Action action) { actions_.push_back(std::move(action)); }
  void Say(log::Level level, std::string text) { Do(Log{level, std::move(text)}); }

  Phase phase_ = Phase::kIdle;
  SlotTable slots_;
  std::vector<Generation> generations_;  // by number
  std::uint32_t last_generation_ = 0;    // the highest number given out
  bool reload_wanted_ = false;           // HUP came while a generation was on its way up
  bool reopen_wanted_ = false;           // USR1 came while logs were being reopened
  Reopening reopening_;
  bool degraded_ = false;                     // said, and not taken back
  std::optional<util::TimePoint> all_ready_;  // while degraded: since when all workers serve again
  std::optional<StartFailed> start_failure_;
  int exit_code_ = 0;
  std::optional<std::pair<ServerState, std::uint32_t>> server_;  // as last said

  util::TimePoint now_{};        // of the event under way
  std::vector<Action> actions_;  // of the event under way
};

}  // namespace colmeia::master
