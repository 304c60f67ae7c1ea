// What the master shall do, as values: the output of the Supervisor (supervisor/supervisor.h), performed by the shell
// in the order given.
//
// Performing an action may raise events at once (SpawnFailed, ResourcesOpened, UpgradeSpawned). The shell queues them
// until all actions of the present event are performed; it never calls Supervisor::On() from within.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "ipc/messages.h"
#include "log/level.h"
#include "scoreboard/layout.h"
#include "supervisor/events.h"

namespace colmeia::supervisor {

using scoreboard::ServerState;
using scoreboard::SlotState;

// What a start, a reload or a request ended with; the exit code of the command that asked for it.
enum class RequestOutcome : int {
  kOk = 0,
  kConfiguration = 1,  // the configuration, or what was asked for, has a mistake
  kResources = 2,      // an address, a file or the pid file could not be had
  kTimedOut = 4,       // a child did not finish in time
  kRolledBack = 5,     // a child failed, something else came in between, or it cannot be done just now
};

// --- Generations ---

// Start a compiler child for this generation. Answered by Compiled.
struct Compile {
  std::uint32_t generation = 0;
};

// Kill the compiler child of this generation. Compiled still comes, once the child was reaped.
struct CancelCompile {
  std::uint32_t generation = 0;
};

// Open what the plan names: the pid file (locked and written; when another path than the living generations have),
// logs, listeners. What a living generation has open under the same path or address is shared, not opened again. Never
// blocks. Answered by ResourcesOpened or ResourcesFailed; after a failure nothing of this generation stays open.
struct OpenResources {
  std::uint32_t generation = 0;
  PlanPtr plan;
};

// All workers of this generation are ready: from now on it is the current one. The master's own log messages go to its
// error logs, and a pid file that it does not name is removed.
struct Promote {
  std::uint32_t generation = 0;
};

// Its workers are about to be told to drain. The listeners that no other generation wants get no new clients from here
// on, and the workers are told to empty them. Comes once, and not when everybody is told to stop.
struct RemoveListeners {
  std::uint32_t generation = 0;
};

// No worker of this generation accepts any more: close those of its listeners that no other living generation uses.
struct CloseListeners {
  std::uint32_t generation = 0;
};

// No process of this generation is left: close whatever no other living generation uses, forget its plan and memfds.
// Also comes while its resources are being opened: then that is given up, and not answered.
struct CloseGeneration {
  std::uint32_t generation = 0;
};

// So many seats of the current generation serve, of so many wanted ones: the first worker of each has become ready, or
// seats were given up. Comes after Promote, and whenever one of the numbers changes; when they shrink, before the
// workers of those seats are told to drain. Seats 0..seats-1 are meant; a seat between two workers counts. The clones
// of those up to `wanted` are their workers', which are on the way to them; those of the others have no worker.
struct SeatsChanged {
  std::uint32_t generation = 0;
  std::uint32_t seats = 0;
  std::uint32_t wanted = 0;
};

// --- Workers ---

// Start a worker process in this slot. Answered by Spawned or SpawnFailed.
struct Spawn {
  std::uint32_t slot = 0;
  std::uint32_t seat = 0;
  std::uint32_t generation = 0;
};

// The worker has said Hello: send Adopt, a Listener for each listener, a Log for each log, Go.
struct Adopt {
  std::uint32_t slot = 0;
  std::uint32_t seat = 0;
  std::uint32_t seats = 0;
  std::uint32_t generation = 0;
};

// A worker says that its socket of the listener with this ordinal takes no clients any more, with this errno. Look at
// all listening sockets that we hold: open those that have stopped listening anew, and send them to the workers that
// have them. Where ours is in order, send it to this worker, but once in its life.
struct MendListeners {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  std::uint32_t ordinal = 0;
  int code = 0;
};

// Send a message without descriptors (Drain, Stop, Release).
struct Send {
  std::uint32_t slot = 0;
  ipc::Message message;
};

// kill(2) the process in this slot (SIGKILL; SIGABRT for one that hangs). One that is gone meanwhile is no error.
struct Kill {
  std::uint32_t slot = 0;
  int signal = 0;
};

// The process was reaped, yet its channel has not ended, or nothing more of it is to be heard: close our end. Answered
// by ChannelClosed.
struct CloseChannel {
  std::uint32_t slot = 0;
};

// A worker ended without having been told to, and its seat gets another one, now or when its back-off allows: count it,
// and remember it.
struct Respawning {
  std::uint32_t generation = 0;
  std::uint32_t seat = 0;
  std::int32_t pid = 0;  // of the one that ended; 0: it could not even be spawned
  std::string why;       // "was killed by signal 11 (SIGSEGV)"
};

// Write the slot's state into the scoreboard. kStarting comes once the process was spawned and occupies the slot,
// kEmpty comes when nothing of the process is left and retires it: its totals move to the past.
struct SetState {
  std::uint32_t slot = 0;
  SlotState state = SlotState::kEmpty;
  std::uint32_t generation = 0;
  std::uint32_t seat = 0;
  std::int32_t pid = 0;
};

// --- The server ---

// Write the state of the whole into the scoreboard, and tell the service manager.
struct SetServer {
  ServerState state = ServerState::kStarting;
  std::uint32_t generation = 0;  // the current one; 0 = none yet
  bool ending = false;           // the service ends with us: no master takes over, and none is to come back
  bool operator==(const SetServer&) const = default;
};

// Open all log files of all living generations anew, send Log to every worker that was adopted. Answered by
// LogsReopened.
struct ReopenLogs {};

// One line for the error log.
struct Log {
  log::Level level = log::Level::kNotice;
  std::string text;
};

// Tell the launcher that all workers of generation 1 are ready, or why it came to nothing. One of them, exactly once.
// StartFailed comes just before Leave: when the launcher returns, nothing is left in the way of the next try.
struct Started {};
struct StartFailed {
  RequestOutcome outcome = RequestOutcome::kRolledBack;
  std::string why;
};

// The result of a Request, exactly once for each, unless its RequesterGone came first. The texts may have several
// lines.
struct Reply {
  std::uint64_t id = 0;
  RequestOutcome outcome = RequestOutcome::kOk;
  std::string message;
};

// A generation after the first is begun. Reloaded follows, once for each.
struct Reloading {
  std::uint32_t generation = 0;
};

// The end of a reload: promoted, or rolled back with a reason.
struct Reloaded {
  std::uint32_t generation = 0;
  RequestOutcome outcome = RequestOutcome::kOk;
  std::string why;  // empty when it succeeded
};

// --- A new binary ---

// Put our pid file and control socket aside (.oldbin) and start the binary's present file with all listeners and a
// handover channel. Answered by UpgradeSpawned or UpgradeFailed.
struct StartUpgrade {};

// kill(2) the new master.
struct ForwardSignal {
  int number = 0;
};

// The new binary came to nothing and no process of it is left: take the pid file and the control socket back under
// their names, close the handover channel.
struct AbandonUpgrade {};

// The new master is the only one from now on; none of our workers is left. Tell the service manager its pid, remove our
// .oldbin files, close the listeners and the handover channel. Leave follows; with `daemon off` not before the new
// master has ended.
struct CompleteUpgrade {
  pid_t pid = 0;
};

// No child is left. Remove the pid file, close everything, end with this exit code. The last action ever.
struct Leave {
  int exit_code = 0;
};

using Action = std::variant<Compile, CancelCompile, OpenResources, Promote, RemoveListeners, CloseListeners,
                            CloseGeneration, SeatsChanged, Spawn, Adopt, MendListeners, Send, Kill, CloseChannel,
                            Respawning, SetState, SetServer, ReopenLogs, Log, Started, StartFailed, Reply, Reloading,
                            Reloaded, StartUpgrade, ForwardSignal, AbandonUpgrade, CompleteUpgrade, Leave>;

}  // namespace colmeia::supervisor
