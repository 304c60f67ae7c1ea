// What can happen to the master, as values: the input of the Supervisor (supervisor/supervisor.h). The shell makes them
// out of libuv's callbacks; the tests write them down.
//
// A worker is named by its slot. A slot number is given out again only after both ChannelClosed and Exit (or
// SpawnFailed) were told, so an event never speaks of another process than the one meant.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "ipc/messages.h"
#include "ipc/plan.h"
#include "supervisor/command.h"
#include "util/clock.h"

namespace colmeia::supervisor {

// A plan lives as long as the longest holder of its generation.
using PlanPtr = std::shared_ptr<const ipc::Plan>;

// The first event, once. With a plan that was compiled already (the launcher reads `daemon` and `pid` out of it before
// there is a master) generation 1 begins by opening its resources; with nullptr it begins by compiling.
struct Start {
  PlanPtr plan;
  pid_t old_master = 0;  // this binary was started by a running master, to take over from it; 0 = it was not
  bool tells_main_pid =
      false;  // a service manager follows us to a new master (NOTIFY_SOCKET): no process has to stay for it
};

// Start::old_master has gone its way (CompleteUpgrade, or its death): the handover channel has ended.
struct Independent {};

struct Signal {
  int number = 0;
  pid_t sender = 0;          // 0 when unknown
  bool from_process = true;  // sent by kill() and its kin, not by a terminal or the kernel
};

// An operator asks over the control socket. Answered by Reply exactly once, when the result is known, and before Leave
// in any case; not answered any more after RequesterGone.
struct Request {
  std::uint64_t id = 0;  // never given out twice
  supervisor::Order order;
  pid_t sender = 0;  // 0 when unknown
};

// The client that asked has left. What was asked for goes on.
struct RequesterGone {
  std::uint64_t id = 0;
};

// Answers Compile, exactly once for each, also after CancelCompile: the compiler child has been reaped.
struct Compiled {
  std::uint32_t generation = 0;
  PlanPtr plan;     // nullptr: it failed
  std::string why;  // when it failed: the diagnostics for the operator, one or more lines
};

// Answer OpenResources, unless CloseGeneration came first.
struct ResourcesOpened {
  std::uint32_t generation = 0;
};
struct ResourcesFailed {
  std::uint32_t generation = 0;
  std::string why;  // names the address or the path, and what went wrong
};

// Answer Spawn, before any other event of that slot.
struct Spawned {
  std::uint32_t slot = 0;
  pid_t pid = 0;
};
struct SpawnFailed {  // neither a process nor a channel exists: no Exit and no ChannelClosed follow
  std::uint32_t slot = 0;
  std::string why;
};

// A message came from a child in a slot.
struct Received {
  std::uint32_t slot = 0;
  ipc::Message message;
  std::uint32_t in_reply_to = 0;  // of the frame; 0 = no reply
  bool is_due = true;             // Done and Unusable: the message, or the listener, that it is about was sent
};

// The channel is gone: EOF, an error, a broken frame, or after CloseChannel. At most once per process; all messages
// that came before have been told.
struct ChannelClosed {
  std::uint32_t slot = 0;
  std::string why;  // empty for a plain EOF; otherwise what was wrong with it
};

// The process was reaped. Exactly once per process that was Spawned.
struct Exit {
  std::uint32_t slot = 0;
  int code = 0;
  int signal = 0;         // that killed it, or 0
  std::string serving{};  // the request that it was at when it crashed, as far as it said
};

// Answers ReopenLogs, exactly once: the master's own switch is done, the workers' is under way.
struct LogsReopened {
  struct Sent {
    std::uint32_t slot = 0;
    std::uint32_t sequence = 0;  // of the Log frame; a Done in reply to it is awaited
  };
  std::vector<Sent> sent;
  std::vector<std::string> failures;  // one sentence per file that could not be opened; its old descriptor is kept
  std::uint32_t files = 0;            // that were opened anew
};

// A worker that serves or drains has shown no sign of life for too long. Harmless for any other.
struct Stale {
  std::uint32_t slot = 0;
  util::Milliseconds age{0};  // since the last sign
  bool traced = false;        // a debugger holds it: it is reported, once a silence, and left alone
  std::string description;    // what is known of it, one line
};

// A worker that was told as Stale shows life again.
struct Fresh {
  std::uint32_t slot = 0;
};

// A ready worker has served long enough, or has grown too large. May be told again and again while it lasts.
struct Recycle {
  std::uint32_t slot = 0;
  std::string why;  // follows its name in the log: "has served 1004 requests (worker_max_requests 1000)"
};

// Answer StartUpgrade. First UpgradeSpawned, or UpgradeFailed when there is no process: then nothing else follows.
struct UpgradeSpawned {
  pid_t pid = 0;
};
// The new binary serves: all its workers are ready.
struct UpgradeReady {};
// It cannot: said by the new binary itself, whose exit follows, or by the shell when there is no process.
struct UpgradeFailed {
  std::string why;  // may have several lines
};
// The new master was reaped. Exactly once for each UpgradeSpawned, unless we leave before.
struct UpgradeExited {
  int code = 0;
  int signal = 0;  // that killed it, or 0
};

// NextDeadline() has come. Harmless when it has not: every event looks at the clock.
struct Deadline {};

using Event = std::variant<Start, Independent, Signal, Request, RequesterGone, Compiled, ResourcesOpened,
                           ResourcesFailed, Spawned, SpawnFailed, Received, ChannelClosed, Exit, LogsReopened, Stale,
                           Fresh, Recycle, UpgradeSpawned, UpgradeReady, UpgradeFailed, UpgradeExited, Deadline>;

}  // namespace colmeia::supervisor
