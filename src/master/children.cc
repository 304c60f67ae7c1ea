#include "master/children.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include <fmt/core.h>

#include "ipc/codec.h"
#include "master/program.h"
#include "sys/memfd.h"
#include "sys/sockets.h"

namespace colmeia::master {
namespace {

std::vector<std::string> OwnEnvironment() {
  std::vector<std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) out.emplace_back(*entry);
  return out;
}

struct Born {
  std::unique_ptr<loop::Process> process;
  sys::UniqueFd channel;  // our end
};

// `progress_fd` becomes the child's kProgressFd, or is kNone.
Result<Born> SpawnChild(loop::Loop& loop, std::string_view role, std::vector<std::string> environment, int progress_fd,
                        std::function<void(loop::ExitStatus)> on_exit) {
  auto pair = sys::SeqPacketPair();
  if (!pair) return tl::unexpected(pair.error());
  loop::SpawnOptions options;
  options.file = ProgramPath();
  options.args = ChildArguments(role);
  options.env = std::move(environment);
  options.fds = {loop::SpawnOptions::kNone, loop::SpawnOptions::kNone, STDERR_FILENO, pair->second.get()};
  if (progress_fd != loop::SpawnOptions::kNone) options.fds.push_back(progress_fd);
  auto process = loop::Process::Spawn(loop, options, std::move(on_exit));
  if (!process) return tl::unexpected(process.error());
  return Born{*std::move(process), std::move(pair->first)};
}

}  // namespace

Result<std::unique_ptr<WorkerChild>> WorkerChild::Spawn(loop::Loop& loop, ChildListener& listener, std::uint32_t slot,
                                                        const std::vector<std::string>& environment) {
  std::unique_ptr<WorkerChild> child(new WorkerChild(listener, slot));
  WorkerChild* const self = child.get();
  auto born =
      SpawnChild(loop, kWorkerArgument, environment, loop::SpawnOptions::kNone, [self](loop::ExitStatus status) {
        self->exited_ = true;
        self->listener_.OnEvent(supervisor::Exit{self->slot_, status.code, status.signal});
      });
  if (!born) return tl::unexpected(born.error());
  child->process_ = std::move(born->process);
  child->pid_ = child->process_->pid();
  child->channel_ = std::make_unique<channel::Channel>(loop, std::move(born->channel), *child);
  return child;
}

std::uint32_t WorkerChild::Send(const ipc::Message& message, const std::vector<int>& fds) {
  if (!channel_) return 0;
  const std::uint32_t sequence = channel_->Send(message, fds);
  const auto* const lend = std::get_if<ipc::Lend>(&message);
  const bool is_log = lend != nullptr && lend->kind == ipc::LentKind::kLog;
  const bool wants_done = (is_log && sent_all_) || std::holds_alternative<ipc::Release>(message) ||
                          std::holds_alternative<ipc::Client>(message);
  if (wants_done) owed_.push_back(sequence);
  if (std::holds_alternative<ipc::Go>(message)) sent_all_ = true;
  if (lend != nullptr && lend->kind == ipc::LentKind::kListener) ++lent_listeners_;
  return sequence;
}

// Whether it may say that now, as far as this is about what was sent to it.
bool WorkerChild::IsDue(const channel::Received& received) {
  if (std::holds_alternative<ipc::Done>(received.message)) {
    const auto at = std::find(owed_.begin(), owed_.end(), received.in_reply_to);
    if (at == owed_.end()) return false;
    owed_.erase(at);
  } else if (std::holds_alternative<ipc::Unusable>(received.message)) {
    if (lent_listeners_ == 0) return false;
    --lent_listeners_;
  }
  return true;
}

void WorkerChild::Kill(int signal) {
  // A process that is gone meanwhile is no error.
  if (!exited_) static_cast<void>(process_->Kill(signal));
}

void WorkerChild::CloseChannel() {
  if (!channel_) return;
  channel_.reset();
  listener_.OnEvent(supervisor::ChannelClosed{slot_, {}});
}

void WorkerChild::OnMessage(channel::Received& received) {
  const bool is_due = IsDue(received);
  listener_.OnEvent(supervisor::Received{slot_, std::move(received.message), received.in_reply_to, is_due});
}

void WorkerChild::OnClosed(std::string why) {
  channel_.reset();
  listener_.OnEvent(supervisor::ChannelClosed{slot_, std::move(why)});
}

void WorkerChild::OnTraffic(channel::Traffic traffic, const channel::FrameInfo& frame) {
  listener_.OnFrame(party(), traffic, frame);
}

Result<std::unique_ptr<CompilerChild>> CompilerChild::Spawn(loop::Loop& loop, ChildListener& listener,
                                                            const ipc::Compile& command_line, Done done) {
  std::unique_ptr<CompilerChild> child(new CompilerChild(listener, command_line, std::move(done)));
  CompilerChild* const self = child.get();
  // Without it only the place is missing when the child dies.
  if (auto page = ipc::ProgressPage::Create()) child->progress_ = *std::move(page);
  const int progress_fd = child->progress_ ? child->progress_->fd() : loop::SpawnOptions::kNone;
  auto born = SpawnChild(loop, kCompilerArgument, OwnEnvironment(), progress_fd, [self](loop::ExitStatus status) {
    self->exit_ = status;
    self->TellWhenOver();
  });
  if (!born) return tl::unexpected(born.error());
  child->process_ = std::move(born->process);
  child->channel_ = std::make_unique<channel::Channel>(loop, std::move(born->channel), *child);
  return child;
}

void CompilerChild::Kill() {
  if (!exit_) static_cast<void>(process_->Kill(SIGKILL));
}

Party CompilerChild::party() const {
  return {trace::Peer::kCompiler, trace::kNoSlot, trace::kNoSeat, generation, process_->pid()};
}

void CompilerChild::OnMessage(channel::Received& received) {
  if (std::holds_alternative<ipc::Hello>(received.message) && state_ == State::kBorn) {
    state_ = State::kCompiling;
    channel_->Send(command_line_);
  } else if (const auto* const compiled = std::get_if<ipc::Compiled>(&received.message);
             compiled != nullptr && state_ == State::kCompiling) {
    state_ = State::kDone;
    result_ = ReadCompiled(*compiled, std::move(received.fds));
  } else if (const auto* const failed = std::get_if<ipc::Failed>(&received.message);
             failed != nullptr && state_ == State::kCompiling) {
    state_ = State::kDone;
    result_ = CompilerResult{nullptr, {}, failed->why};
  } else {
    state_ = State::kDone;
    result_ = CompilerResult{nullptr,
                             {},
                             fmt::format("the compiler of the configuration said {} out of its turn",
                                         ipc::NameOf(ipc::TypeOf(received.message)))};
    Kill();
    channel_.reset();
    TellWhenOver();
  }
}

void CompilerChild::OnClosed(std::string) {
  channel_.reset();
  TellWhenOver();
}

void CompilerChild::OnTraffic(channel::Traffic traffic, const channel::FrameInfo& frame) {
  listener_.OnFrame(party(), traffic, frame);
}

std::string DescribeCompilerEnd(const loop::ExitStatus& exit, std::string_view at) {
  return fmt::format("the compiler of the configuration {}{}{}", exit.Describe(), at.empty() ? "" : " while it was ",
                     at);
}

void CompilerChild::TellWhenOver() {
  if (!exit_ || channel_) return;
  if (!result_) {
    const std::string at = progress_ ? progress_->Read() : std::string();
    result_ = CompilerResult{nullptr, {}, DescribeCompilerEnd(*exit_, at)};
  }
  result_->exit = *exit_;
  const Done done = std::move(done_);
  done(*std::move(result_));  // may destroy *this
}

CompilerResult ReadCompiled(const ipc::Compiled& message, std::vector<sys::UniqueFd> fds) {
  auto first = sys::ReadMemfd(fds[0].get());
  if (!message.ok) return {nullptr, {}, first ? *first : first.error().message};
  auto encoded = sys::ReadMemfd(fds[1].get());
  if (!encoded) return {nullptr, {}, encoded.error().message};
  auto plan = std::make_shared<ipc::Plan>();
  if (!ipc::Decode(*encoded, *plan))
    return {nullptr, {}, "the compiler of the configuration sent a plan that cannot be read"};
  return {std::move(plan), std::move(fds[0]), {}};
}

}  // namespace colmeia::master
