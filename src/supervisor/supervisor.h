// The supervisor: the whole life cycle of the server as arithmetic. Events and the time go in, actions come out.
//
// It is pure: no descriptor, no process, no clock, no I/O, no libuv; it does not wait and never fails. The shell
// (master/master.h) makes events out of callbacks (supervisor/events.h) and performs actions (supervisor/actions.h).
//
// How it works: an event changes records (slots, generations, what is wanted); then, after every event, the desired
// table is compared with the living one (Reconcile): workers not wanted are told to leave, seats not filled are filled,
// what no generation needs is closed. No event has a spawn path of its own.
//
//   A reload is a transaction. Signal HUP -> Compile -> Compiled -> OpenResources -> ResourcesOpened -> Spawn each ->
//   Hello -> Adopt -> Ready from all -> Promote, and only then Drain for the workers of the old generation. Whatever
//   fails on the way rolls back what was begun, and the old generation has not noticed. The first start is the same
//   way, but there is nothing to go back to: its failure ends the server. The client that asked for it is
//   answered when the old workers have said Draining, so that a client that connects then meets the new ones, and at
//   the latest kLastAccept after the promotion.
//
//   A worker that serves is replaced (rolling restart, recycling, draining one) by a rotation: its replacement starts
//   beside it and takes the seat when it is ready; one at a time, and a failure stops it (supervisor/rotation.h).
//
//   A worker that hangs loses its seat at once. It gets SIGABRT, so that it may tell where it was, then SIGKILL.
//
//   What a worker may say once it says once, and in its turn. One that says more is broken into or broken, and ended.
//
//   A new binary is started beside us and told to us by events of its own (supervisor/upgrading.h).
//
//   Stopping. TERM, INT: Stop to all, SIGKILL after kStopGrace (about nginx's 3.15 s), at once at a second TERM. QUIT:
//   Drain to all, SIGKILL at worker_shutdown_timeout + kKillDelay, never where that is unset; TERM escalates. A worker
//   that was not adopted yet serves no client and understands no message: it is killed.
//
// Invariants:
// 1. A seat of a generation is filled by at most one worker; one that drains fills none. At most one other worker, the
//    relief, is on its way to a seat that is filled.
// 2. Leave comes last, once, and never while a child lives.
// 3. A slot is given out again only after its channel closed and its exit was reaped.
// 4. Nothing is spawned and nothing compiled once the server is told to stop.
// 5. After On(Deadline{}, now), NextDeadline() is later than `now`.
// 6. Each Request is answered exactly once, before Leave; one whose requester has gone is not.
// 7. A rotation takes no worker out of a seat before the next one is ready.
//
//   for (const Action& action : supervisor.On(event, clock.Now())) Perform(action);
//   timer.StartAt(supervisor.NextDeadline());
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "supervisor/actions.h"
#include "supervisor/events.h"
#include "supervisor/generation.h"
#include "supervisor/reopening.h"
#include "supervisor/requests.h"
#include "supervisor/rotation.h"
#include "supervisor/signals.h"
#include "supervisor/slots.h"
#include "supervisor/upgrading.h"
#include "util/clock.h"

namespace colmeia::supervisor {

// What the server as a whole is about. Only ever moves down this list.
enum class ServerPhase {
  kIdle,      // Start has not come
  kStarting,  // generation 1 is on its way up; its failure ends the server
  kServing,   // a generation is current; failures are survived
  kQuitting,  // QUIT: workers finish what is open
  kStopping,  // TERM, INT, or a failed start: workers leave now
  kStandIn,   // all is over but for a new master, our child, that our parent takes us for: its exit is awaited
  kLeft,      // Leave was said; nothing happens any more
};

class Supervisor {
 public:
  static constexpr util::Milliseconds kStopGrace{3000};     // from Stop to SIGKILL
  static constexpr util::Milliseconds kKillDelay{1000};     // beyond worker_shutdown_timeout, to SIGKILL
  static constexpr util::Milliseconds kForcedDrain{30000};  // for a generation rolled back or hurried, timeout unset
  static constexpr util::Milliseconds kExitGrace{5000};     // from the end of a channel to the exit
  static constexpr util::Milliseconds kChannelGrace{1000};  // from the exit to the end of its channel
  static constexpr util::Milliseconds kLastAccept{1000};    // from a promotion to the answer to its requester
  static constexpr util::Milliseconds kFailedGrace{1000};   // from Failed to the exit
  static constexpr util::Milliseconds kAbortGrace{100};     // from SIGABRT to SIGKILL, for a worker that hangs
  static constexpr util::Milliseconds kCompileLimit{60000};
  static constexpr util::Milliseconds kUpgradeLimit{10000};  // beyond worker_start_timeout, until a new binary serves
  static constexpr util::Milliseconds kUpgradePatience{30000};  // for our drain, before `upgrade` is answered
  static constexpr util::Milliseconds kUpgradeGrace{4000};      // from SIGTERM to SIGKILL, for a new binary
  static constexpr util::Milliseconds kCalm{5000};              // all workers serve for this long: no longer degraded
  static constexpr std::uint32_t kMostWorkers = 512;  // that scaling reaches: half the slots, so that a reload has room

  // The actions are to be performed in order. `now` never goes back.
  [[nodiscard]] std::vector<Action> On(const Event& event, util::TimePoint now);

  // When it wants to be called with Deadline{}, at the latest; nullopt: not before the next event.
  [[nodiscard]] std::optional<util::TimePoint> NextDeadline() const;

  // For tests and status; valid until the next On().
  [[nodiscard]] ServerPhase phase() const { return phase_; }
  [[nodiscard]] const SlotTable& slots() const { return slots_; }
  [[nodiscard]] const std::vector<Generation>& generations() const { return generations_; }
  [[nodiscard]] const Generation* current() const;
  [[nodiscard]] bool degraded() const { return degraded_; }
  [[nodiscard]] ServerState server_state() const;  // in the words of scoreboard, status and systemd
  [[nodiscard]] const Upgrading& upgrade() const { return upgrade_; }

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
  void Handle(const Deadline&) {}  // after every event the deadlines are looked at
  void Handle(const Independent& event);
  void Handle(const Request& event);
  void Handle(const RequesterGone& event);
  void Handle(const Stale& event);
  void Handle(const Fresh& event);
  void Handle(const Recycle& event);
  void Handle(const UpgradeSpawned& event);
  void Handle(const UpgradeReady& event);
  void Handle(const UpgradeFailed& event);
  void Handle(const UpgradeExited& event);
  void CheckDeadlines();
  void Enter(ServerPhase phase);  // REQUIRES: one further down the list

  // supervisor_reconcile.cc: the comparison of what is wanted with what lives.
  void Reconcile();
  void PromoteWhenReady();
  void FillSeats();
  void AnnounceSeats();
  void RemoveWhatNobodyServes();
  void GiveOrders();
  void HurryTheOldest();
  void CloseWhatIsUnused();
  void UpdateDegraded();
  void UpdateServer();
  void LeaveWhenAlone();
  [[nodiscard]] SlotOrder WantedOrder(const Slot& slot) const;

  // supervisor_signals.cc: what an operator asks for, by signal or by request.
  void Stop(const Requester& requester);
  void Quit(const Requester& requester);
  void Reload(const Requester& requester);
  void Reopen(const Requester& requester);
  void Retire(const Requester& requester);
  void Scale(const Requester& requester, std::optional<Wish> step, std::uint32_t workers);
  void Rest(Generation& generation, const std::string& why);
  void EndGenerations(const std::string& why, int signal);
  void KillAll();
  void FinishReopening();

  // supervisor_requests.cc: which requests are answered, and when.
  using Which = std::function<bool(const PendingRequest&)>;
  void Refuse(const Requester& requester, const std::string& why, RequestOutcome outcome = RequestOutcome::kRolledBack);
  PendingRequest* Await(const Requester& requester,
                        supervisor::Command command);  // nullptr for a signal; valid until the next one
  // A reload that is done already is told as that, whatever came in between.
  void Answer(const Which& which, RequestOutcome outcome, const std::string& message);
  void AnswerReloads();
  void AnswerWhatIsDone();
  void AnswerTheRest();

  // supervisor_rotation.cc: workers that are replaced one at a time.
  void Restart(const Requester& requester);
  void DrainOne(const Requester& requester, std::uint32_t slot);
  void KillOne(const Requester& requester, std::uint32_t slot);
  void Rotate();
  void BeginRotation(const Rotation::Job& job, std::uint32_t relief);
  [[nodiscard]] std::optional<util::TimePoint> NextRotation() const;
  void SwitchSeat();
  void ReliefFailed(const std::string& what);
  void LeaveSeat(std::uint32_t slot);
  void Replaced(std::uint32_t slot, bool gone);
  [[nodiscard]] bool MayRotate(const Rotation::Job& job) const;
  [[nodiscard]] const Generation* Serving() const;  // the current one, unless it rests or the server stops

  // supervisor_upgrade.cc: the change to a new binary.
  void BeginUpgrade(const Requester& requester);
  void EndUpgrade(std::string why);
  void UpgradeOver(std::string why);
  void UpgradeOverdue();
  void LeaveAfterUpgrade();
  void BringBack(const Requester& requester);
  void Forward(const SignalRow& row, const std::string& received);
  bool WakeGeneration();
  [[nodiscard]] bool StandsIn() const { return !daemon_ && !tells_main_pid_; }

  // supervisor_generations.cc: the way of a generation, up and down.
  void BeginGeneration(PlanPtr plan);
  void Open(Generation& generation, PlanPtr plan);
  void Promote(Generation& generation);
  void Fail(Generation& generation, RequestOutcome outcome, std::string_view what, const std::string& why);
  [[nodiscard]] Generation* Find(std::uint32_t number);
  [[nodiscard]] const Generation* Find(std::uint32_t number) const;
  [[nodiscard]] Generation* Rising();
  [[nodiscard]] std::size_t ReadySeats(const Generation& generation) const;
  [[nodiscard]] std::vector<std::uint32_t> EmptySeats(const Generation& generation) const;
  [[nodiscard]] util::Milliseconds DrainLimit(std::uint32_t generation) const;  // 0 = none
  [[nodiscard]] std::string DegradedText(const Generation& serving) const;

  // supervisor_workers.cc: the way of one worker.
  void SpawnInto(const Generation& generation, std::uint32_t seat, std::uint32_t slot);
  void Tell(std::uint32_t slot, SlotOrder order);
  void KillNow(std::uint32_t slot);
  void Overdue(std::uint32_t slot);
  void Violation(std::uint32_t slot, const std::string& what);
  bool FailsItsGeneration(std::uint32_t slot, RequestOutcome outcome, const std::string& what);
  void DrainsByItself(std::uint32_t slot);
  void EndSeen(std::uint32_t slot);
  void Release(std::uint32_t slot);
  // `what` became of it, for the record of respawns.
  std::string FreeSeat(const Slot& slot,
                       const std::string& what);  // returns when the seat is filled again, in words for the log
  void EnterState(std::uint32_t slot, SlotState state);
  void Hangs(std::uint32_t slot, util::Milliseconds age, const std::string& what);
  void OnMessage(std::uint32_t slot, const ipc::Hello& message);
  void OnMessage(std::uint32_t slot, const ipc::Ready& message);
  void OnMessage(std::uint32_t slot, const ipc::Draining& message);
  void OnMessage(std::uint32_t slot, const ipc::Failed& message);
  void OnMessage(std::uint32_t slot, const ipc::Unusable& message);
  // The slot of a worker of an earlier generation that may still take clients.
  [[nodiscard]] std::optional<std::uint32_t> AcceptsBefore(std::uint32_t generation) const;
  [[nodiscard]] std::string Name(const Slot& slot) const;  // "worker 3 (pid 123)"

  void Do(Action action) { actions_.push_back(std::move(action)); }
  void Say(log::Level level, std::string text) { Do(Log{level, std::move(text)}); }

  ServerPhase phase_ = ServerPhase::kIdle;
  SlotTable slots_;
  std::vector<Generation> generations_;  // by number
  std::uint32_t last_generation_ = 0;    // the highest number given out
  bool reload_wanted_ = false;           // HUP came while a generation was on its way up
  bool reopen_wanted_ = false;           // USR1 came while logs were being reopened
  Reopening reopening_;
  std::vector<PendingRequest> requests_;  // in order of arrival
  Rotation rotation_;
  Upgrading upgrade_;
  pid_t old_master_ = 0;                      // that started us to take over from it, and has not gone
  bool daemon_ = true;                        // of generation 1
  bool tells_main_pid_ = false;               // no parent takes us for the new master after an upgrade
  bool degraded_ = false;                     // said, and not taken back
  std::optional<util::TimePoint> all_ready_;  // while degraded: since when all workers serve again
  std::optional<StartFailed> start_failure_;
  int exit_code_ = 0;
  std::optional<SetServer> server_;  // as last said

  util::TimePoint now_{};        // of the event under way
  std::vector<Action> actions_;  // of the event under way
};

}  // namespace colmeia::supervisor
