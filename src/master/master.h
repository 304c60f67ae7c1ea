// The master: a thin shell around the Supervisor. It turns callbacks of the loop into events and performs the actions
// that come back; it decides nothing, waits for nothing, and never touches a client's byte.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "loop/loop.h"
#include "loop/signals.h"
#include "loop/timer.h"
#include "master/children.h"
#include "master/clones.h"
#include "master/control_desk.h"
#include "master/handoff.h"
#include "master/handover.h"
#include "master/inherited.h"
#include "master/ledger.h"
#include "master/mender.h"
#include "master/notify.h"
#include "master/opening.h"
#include "master/overseer.h"
#include "master/resources.h"
#include "master/sampler.h"
#include "master/scribe.h"
#include "master/supervisor.h"
#include "scoreboard/board.h"
#include "trace/ring.h"

namespace colmeia::master {

// Told once: nothing to say and code 0 when all workers serve, otherwise why not.
using StartListener = std::function<void(Outcome outcome, const std::string& why)>;

struct MasterOptions {
  ipc::Compile command_line;  // for reloads
  PlanPtr plan;               // of the first generation, compiled by the launcher
  sys::UniqueFd text;         // its configuration memfd
  StartListener on_start;
  std::vector<InheritedSocket> inherited;
  Reporter old_master;  // of whoever we take over from; empty on an ordinary start
  NotifyOptions notify;
  std::string program;                 // ProgramOnDisk(): what an upgrade starts
  std::vector<std::string> arguments;  // that it is started with
};

class Master final : public ChildListener {
 public:
  // Maps the scoreboard and the trace. Fails when the kernel has no memory for them.
  static Result<std::unique_ptr<Master>> Create(MasterOptions options);

  // Until the last child is gone; returns the exit code.
  int Run();

 private:
  Master(MasterOptions options, scoreboard::Board board, trace::Writer trace);

  void OnEvent(Event event) override;
  void OnFrame(const Party& child, ipc::Traffic traffic, const ipc::FrameInfo& frame) override;
  void HandleAll();
  void RecordEvent(const Event& event);
  void RecordEnd(const Exit& exit);
  void Heard(trace::Event event, bool wants_reload);
  void RecordSight(trace::Kind kind, std::uint32_t slot, std::string text);
  void ForgetGone(const Event& event);

  // perform.cc: one for each kind of action.
  void Perform(const Compile& action);
  void Perform(const CancelCompile& action);
  void Perform(const OpenResources& action);
  void Perform(const Promote& action);
  void Perform(const RemoveListeners& action);
  void Perform(const CloseListeners& action);
  void Perform(const CloseGeneration& action);
  void Perform(const Spawn& action);
  void Perform(const Adopt& action);
  void Perform(const MendListeners& action);
  void Perform(const Send& action);
  void Perform(const Kill& action);
  void Perform(const CloseChannel& action);
  void Perform(const Respawning& action);
  void Perform(const SetState& action);
  void Perform(const SetServer& action);
  void Perform(const ReopenLogs& action);
  void Perform(const Log& action);
  void Perform(const Started& action);
  void Perform(const StartFailed& action);
  void Perform(const Reply& action);
  void Perform(const Reloading& action);
  void Perform(const Reloaded& action);
  void Perform(const SeatsChanged& action);
  void Perform(const StartUpgrade& action);
  void Perform(const ForwardSignal& action);
  void Perform(const AbandonUpgrade& action);
  void Perform(const CompleteUpgrade& action);
  void Perform(const Leave& action);

  [[nodiscard]] Result<control::Configuration> RunningConfiguration() const;
  Result<> SpawnUpgrade();
  std::size_t HandOut(const OpenListener& listener, const std::vector<std::size_t>& sockets);
  [[nodiscard]] WorkerChild* FindWorker(std::uint32_t slot);
  [[nodiscard]] Party PartyIn(std::uint32_t slot);
  [[nodiscard]] Party SuccessorParty() const;
  void ReapStrangers();

  loop::Loop loop_;
  MasterOptions options_;
  scoreboard::Board board_;
  Scribe scribe_;
  Resources resources_;
  Opening opening_;
  Supervisor supervisor_;
  std::map<std::uint32_t, sys::UniqueFd> texts_;  // configuration memfd of each generation

  loop::Timer deadline_;
  loop::Timer strangers_;
  loop::Signals signals_;
  ControlDesk desk_;
  Overseer overseer_;
  Ledger ledger_;
  CloneKeeper clones_;
  Handoff handoff_;
  Mender mender_;
  Sampler clients_traced_;
  Notifier notifier_;
  std::unique_ptr<Successor> successor_;
  std::map<std::uint32_t, std::unique_ptr<WorkerChild>> workers_;      // by slot
  std::map<std::uint32_t, std::unique_ptr<CompilerChild>> compilers_;  // by generation
  struct Pending {
    Event event;
    std::uint64_t cause;  // in the trace
  };
  std::deque<Pending> events_;
  bool handling_ = false;  // events that come meanwhile wait in `events_`
  int exit_code_ = 0;
};

}  // namespace colmeia::master
