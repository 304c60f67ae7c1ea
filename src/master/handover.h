// Handing over to a new binary: both ends of it.
//
// The old master starts the program's present file with its own arguments and environment, all its listening sockets
// from descriptor 3 on (resources/inherited.h), one end of a SOCK_SEQPACKET channel, and behind it the zones of shared
// memory (resources/handed_zones.h). Over the channel the new master tells
// how it went: Hello when it begins, Ready when all its workers serve, or Failed and why. The old one says nothing;
// when it has gone its way, the channel ends.
//
// The two are different versions of this program. So the first seven bytes of a frame (magic, version, type) and the
// frames of version 1 stay as they are for ever; a reader ignores types that it does not know, and whatever follows the
// fields that it knows.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "loop/poll.h"
#include "loop/process.h"
#include "master/children.h"
#include "resources/inherited.h"
#include "sys/unique_fd.h"
#include "util/result.h"

namespace colmeia::master {

// --- The old side ---

struct SuccessorOptions {
  std::string program;                   // ProgramOnDisk()
  std::vector<std::string> arguments;    // as this program was started, the first being its name
  std::vector<std::string> environment;  // NAME=value; what concerns inherited descriptors is replaced
  std::vector<resources::HandedSocket> sockets;
  resources::HandedZones zones;
  int stdout_fd = -1;  // lent; -1 = /dev/null
  int stderr_fd = -1;
};

// A new master that was started from here. Tells UpgradeReady and UpgradeFailed at most once each, and UpgradeExited
// once, after the process was reaped.
class Successor {
 public:
  // Fails when the file cannot be run: nothing was started then. `loop` and `listener` must outlive it.
  static Result<std::unique_ptr<Successor>> Spawn(loop::Loop& loop, ChildListener& listener,
                                                  const SuccessorOptions& options);

  [[nodiscard]] pid_t pid() const { return process_->pid(); }
  [[nodiscard]] bool running() const { return process_->running(); }

  // A process that is gone meanwhile is no error.
  void Kill(int signal);

  // We have gone our way: the new master hears that it stands alone (Reporter::Watch).
  void CloseChannel();

 private:
  explicit Successor(ChildListener& listener) : listener_(listener) {}
  std::optional<supervisor::Event> Next();
  std::optional<supervisor::Event> Read(std::string_view frame);
  void OnReadable();
  void OnExit(loop::ExitStatus status);

  enum class State {
    kStarting,  // it has said nothing of its success yet
    kReady,     // UpgradeReady was told
    kFailed,    // UpgradeFailed was told
  };

  ChildListener& listener_;  // outlives this
  State state_ = State::kStarting;
  std::unique_ptr<loop::Process> process_;
  sys::UniqueFd channel_;
  std::unique_ptr<loop::Poll> poll_;  // declared after channel_, so that it stops before the descriptor closes
};

// The path from which this program was started, absolute, links kept: what is there at the time of an upgrade is run.
// `argument0` is what the program was called by; without a slash it is looked for in `search_path` (PATH). Call it at
// the start, while the working directory is still that of the caller.
[[nodiscard]] std::string ProgramOnDisk(const std::string& argument0, const char* search_path);

// --- The new side ---

// Tells the old master how we are. Without a channel (an ordinary start) it does nothing. Needs no loop: the few frames
// always fit into the socket.
class Reporter {
 public:
  Reporter() = default;
  // Says Hello. `channel` is Inheritance::handover.
  explicit Reporter(sys::UniqueFd channel);
  // To be moved only before Watch().
  Reporter(Reporter&&) noexcept = default;
  Reporter& operator=(Reporter&&) noexcept = default;

  void Ready();
  void Failed(std::string_view why);

  // There was a handover.
  explicit operator bool() const { return static_cast<bool>(channel_); }
  // The pid of the master that started us; 0 on an ordinary start.
  [[nodiscard]] pid_t old_master() const { return old_master_; }

  // Calls back once when the old master has gone its way. `loop` must outlive this.
  void Watch(loop::Loop& loop, std::function<void()> on_independent);

 private:
  void Send(std::string_view frame);

  pid_t old_master_ = 0;
  sys::UniqueFd channel_;
  std::unique_ptr<loop::Poll> poll_;  // declared after channel_
};

}  // namespace colmeia::master
