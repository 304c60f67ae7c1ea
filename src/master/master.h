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
#include "master/control_desk.h"
#include "master/handover.h"
#include "master/notify.h"
#include "master/sampler.h"
#include "master/server_stats.h"
#include "master/trace_recorder.h"
#include "master/worker_monitor.h"
#include "resources/handoff.h"
#include "resources/inherited.h"
#include "resources/mender.h"
#include "resources/opening.h"
#include "resources/resources.h"
#include "resources/reuseport.h"
#include "scoreboard/board.h"
#include "supervisor/supervisor.h"
#include "trace/ring.h"
#include "zone/layout.h"

namespace colmeia::master {

// Told once: nothing to say and code 0 when all workers serve, otherwise why not.
using StartListener = std::function<void(supervisor::RequestOutcome outcome, const std::string& why)>;

struct MasterOptions {
  ipc::Compile command_line;  // for reloads
  supervisor::PlanPtr plan;   // of the first generation, compiled by the launcher
  sys::UniqueFd text;         // its configuration memfd
  StartListener on_start;
  std::vector<resources::InheritedSocket> inherited;
  resources::HandedZones zones;  // of the master that we take over from
  Reporter old_master;           // the same; empty on an ordinary start
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

  void OnEvent(supervisor::Event event) override;
  void OnFrame(const Party& child, channel::Traffic traffic, const channel::FrameInfo& frame) override;
  void HandleAll();
  void RecordEvent(const supervisor::Event& event);
  void RecordEnd(const supervisor::Exit& exit);
  void Heard(trace::Event event, bool wants_reload);
  void RecordSight(trace::EventKind kind, std::uint32_t slot, std::string text);
  void ForgetGone(const supervisor::Event& event);

  // perform.cc: one for each kind of action.
  void Perform(const supervisor::Compile& action);
  void Perform(const supervisor::CancelCompile& action);
  void Perform(const supervisor::OpenResources& action);
  void Perform(const supervisor::Promote& action);
  void Perform(const supervisor::RemoveListeners& action);
  void Perform(const supervisor::CloseListeners& action);
  void Perform(const supervisor::CloseGeneration& action);
  void Perform(const supervisor::Spawn& action);
  void Perform(const supervisor::Adopt& action);
  void Perform(const supervisor::MendListeners& action);
  void Perform(const supervisor::Send& action);
  void Perform(const supervisor::Kill& action);
  void Perform(const supervisor::CloseChannel& action);
  void Perform(const supervisor::Respawning& action);
  void Perform(const supervisor::SetState& action);
  void Perform(const supervisor::SetServer& action);
  void Perform(const supervisor::ReopenLogs& action);
  void Perform(const supervisor::Log& action);
  void Perform(const supervisor::Started& action);
  void Perform(const supervisor::StartFailed& action);
  void Perform(const supervisor::Reply& action);
  void Perform(const supervisor::Reloading& action);
  void Perform(const supervisor::Reloaded& action);
  void Perform(const supervisor::SeatsChanged& action);
  void Perform(const supervisor::StartUpgrade& action);
  void Perform(const supervisor::ForwardSignal& action);
  void Perform(const supervisor::AbandonUpgrade& action);
  void Perform(const supervisor::CompleteUpgrade& action);
  void Perform(const supervisor::Leave& action);

  [[nodiscard]] Result<control::Configuration> RunningConfiguration() const;
  Result<> SpawnUpgrade();
  std::size_t HandOut(const resources::OpenListener& listener, const std::vector<std::size_t>& sockets);
  // As which the worker of a slot counts in zones.
  [[nodiscard]] std::uint32_t HolderOf(std::uint32_t slot) const;
  [[nodiscard]] WorkerChild* FindWorker(std::uint32_t slot);
  [[nodiscard]] Party PartyIn(std::uint32_t slot);
  [[nodiscard]] Party SuccessorParty() const;
  void ReapStrangers();

  loop::Loop loop_;
  MasterOptions options_;
  scoreboard::Board board_;
  TraceRecorder recorder_;
  resources::Resources resources_;
  resources::Opening opening_;
  supervisor::Supervisor supervisor_;
  std::map<std::uint32_t, sys::UniqueFd> texts_;  // configuration memfd of each generation

  loop::Timer deadline_;
  loop::Timer strangers_;
  loop::Signals signals_;
  ControlDesk desk_;
  WorkerMonitor monitor_;
  ServerStats stats_;
  resources::ReuseportKeeper clones_;
  resources::Handoff handoff_;
  resources::Mender mender_;
  Sampler clients_traced_;
  Notifier notifier_;
  std::unique_ptr<Successor> successor_;
  std::map<std::uint32_t, std::unique_ptr<WorkerChild>> workers_;      // by slot
  std::map<std::uint32_t, std::unique_ptr<CompilerChild>> compilers_;  // by generation
  struct Pending {
    supervisor::Event event;
    std::uint64_t cause;  // in the trace
  };
  std::deque<Pending> events_;
  std::uint32_t zone_side_ = 0;  // which of the two masters that zones know
  bool handling_ = false;        // events that come meanwhile wait in `events_`
  int exit_code_ = 0;
};

}  // namespace colmeia::master
