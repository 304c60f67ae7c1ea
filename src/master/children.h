// The master's ends of its children: a process and a channel each. They turn what happens to a child into events, and
// decide nothing.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "channel/channel.h"
#include "ipc/progress_page.h"
#include "loop/process.h"
#include "master/trace_recorder.h"
#include "supervisor/events.h"
#include "sys/unique_fd.h"

namespace colmeia::master {

// What a child's news become. Outlives every child; never called from within a child's constructor.
class ChildListener {
 public:
  virtual ~ChildListener() = default;
  virtual void OnEvent(supervisor::Event event) = 0;
  // Every frame to and from a child, before what it says is told.
  virtual void OnFrame(const Party& child, channel::Traffic traffic, const channel::FrameInfo& frame) = 0;
};

// A worker, from its spawn until both its exit and the end of its channel were told.
class WorkerChild final : public channel::ChannelListener {
 public:
  // Starts the process. `environment` is all that it gets to see of ours. The child is born with /dev/null, our
  // descriptor 2 and its channel.
  static Result<std::unique_ptr<WorkerChild>> Spawn(loop::Loop& loop, ChildListener& listener, std::uint32_t slot,
                                                    const std::vector<std::string>& environment);

  // The sequence number of the message; 0 when the channel is closed already.
  std::uint32_t Send(const ipc::Message& message, const std::vector<int>& fds = {});
  void Kill(int signal);
  // Closes our end and tells it, unless that was told before.
  void CloseChannel();

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool over() const { return exited_ && !channel_; }
  [[nodiscard]] Party party() const { return {trace::Peer::kWorker, slot_, seat, generation, pid_}; }

  bool adopted = false;  // the master has sent Adopt
  bool relent = false;   // it lost a listening socket that is in order, and was sent it again: that is done once
  std::uint32_t generation = 0;
  std::uint32_t seat = 0;

 private:
  WorkerChild(ChildListener& listener, std::uint32_t slot) : listener_(listener), slot_(slot) {}
  void OnMessage(channel::Received& received) override;
  void OnClosed(std::string why) override;
  void OnTraffic(channel::Traffic traffic, const channel::FrameInfo& frame) override;

  [[nodiscard]] bool IsDue(const channel::Received& received);

  ChildListener& listener_;
  const std::uint32_t slot_;
  pid_t pid_ = 0;
  bool sent_all_ = false;             // Go was sent: from here on Log wants a Done
  std::vector<std::uint32_t> owed_;   // numbers of messages that want a Done, in the order sent
  std::uint32_t lent_listeners_ = 0;  // of which it has not said that they are unusable
  bool exited_ = false;
  std::unique_ptr<loop::Process> process_;
  std::unique_ptr<channel::Channel> channel_;
};

// What a compiler child brought back.
struct CompilerResult {
  supervisor::PlanPtr plan;  // null: it failed
  sys::UniqueFd text;        // the configuration memfd for workers
  std::string why;           // for the operator, when it failed
  loop::ExitStatus exit{};
};

// How a compiler ended that left no result: "the compiler of the configuration was killed by signal 9 (SIGKILL) while
// it was reading FILE". `at` is what it noted on its page (ipc/progress_page.h), or empty.
[[nodiscard]] std::string DescribeCompilerEnd(const loop::ExitStatus& exit, std::string_view at);

// A compiler, for as long as it runs. Calls back once, when the child was reaped and its channel has ended.
//
// It speaks in turn, or is ended: Hello, then Compiled or Failed.
class CompilerChild final : public channel::ChannelListener {
 public:
  using Done = std::function<void(CompilerResult)>;
  static Result<std::unique_ptr<CompilerChild>> Spawn(loop::Loop& loop, ChildListener& listener,
                                                      const ipc::Compile& command_line, Done done);
  void Kill();
  [[nodiscard]] Party party() const;

  std::uint32_t generation = 0;

 private:
  CompilerChild(ChildListener& listener, const ipc::Compile& command_line, Done done)
      : listener_(listener), command_line_(command_line), done_(std::move(done)) {}
  void OnMessage(channel::Received& received) override;
  void OnClosed(std::string why) override;
  void OnTraffic(channel::Traffic traffic, const channel::FrameInfo& frame) override;
  void TellWhenOver();

  enum class State {
    kBorn,       // has not said Hello
    kCompiling,  // was told what
    kDone,       // its result is here, or it has none
  };

  ChildListener& listener_;
  State state_ = State::kBorn;
  const ipc::Compile command_line_;
  Done done_;
  std::optional<loop::ExitStatus> exit_;
  std::optional<CompilerResult> result_;
  std::optional<ipc::ProgressPage> progress_;
  std::unique_ptr<loop::Process> process_;
  std::unique_ptr<channel::Channel> channel_;
};

// The result in a Compiled message: reads the plan, or the reason, out of its memfds.
[[nodiscard]] CompilerResult ReadCompiled(const ipc::Compiled& message, std::vector<sys::UniqueFd> fds);

}  // namespace colmeia::master
