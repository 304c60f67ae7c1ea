#include "worker/worker.h"

#include <signal.h>
#include <unistd.h>

#include <utility>

#include <fmt/core.h>

#include "loop/signals.h"
#include "process/become.h"
#include "process/crash_report.h"
#include "process/sandbox.h"
#include "sys/descriptors.h"
#include "sys/title.h"
#include "worker/server.h"

namespace colmeia::worker {
namespace {

constexpr const char* kTitle = "colmeia: worker process";
constexpr const char* kDrainingTitle = "colmeia: worker process is shutting down";
// How long connections may finish when the master is gone.
constexpr std::chrono::seconds kOrphanLimit{5};

// A worker whose life is led by its master's messages.
class Worker final : public channel::ChannelListener {
 public:
  Worker(sys::UniqueFd channel, const site::ModuleList& modules)
      : modules_(modules),
        signals_(loop_, {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH},
                 [this](const loop::SignalInfo& signal) { OnSignal(signal); }),
        channel_(loop_, std::move(channel), *this) {
    channel_.Send(ipc::Hello{.pid = getpid()});
  }

  int Run() {
    loop_.Run();
    return exit_code_;
  }

 private:
  enum class State {
    kAdopting,  // listens to the master
    kServing,   // Ready was said
    kDraining,  // finishes what is open
    kLeaving,   // the loop is about to end
  };

  void OnMessage(channel::Received& received) override {
    if (state_ == State::kAdopting) return OnAdoption(received);
    if (const auto* const lend = std::get_if<ipc::Lend>(&received.message)) {
      OnLend(*lend, received);
    } else if (const auto* const drain = std::get_if<ipc::Drain>(&received.message)) {
      StartDraining(drain->deadline.count() > 0 ? std::optional<util::Duration>(drain->deadline) : std::nullopt);
    } else if (std::holds_alternative<ipc::Stop>(received.message)) {
      Leave(kExitOk);
    } else if (const auto* const release = std::get_if<ipc::Release>(&received.message)) {
      server_->Release(release->ordinal);
      channel_.Send(ipc::Done{}, {}, received.sequence);
    } else if (const auto* const removed = std::get_if<ipc::Removed>(&received.message)) {
      server_->Removed(removed->ordinal);
    } else if (const auto* const client = std::get_if<ipc::Client>(&received.message)) {
      OnClient(*client, received);
    } else {
      Unasked(received);
    }
  }

  void OnAdoption(channel::Received& received) {
    // Told to leave before it began: nobody is served yet.
    const bool unwanted =
        std::holds_alternative<ipc::Stop>(received.message) || std::holds_alternative<ipc::Drain>(received.message);
    if (unwanted) return Leave(kExitOk);
    auto complete = reader_.Take(received);
    if (!complete) return GiveUp(complete.error().message);
    if (!*complete) return;
    process::Adoption adoption = reader_.Finish();
    const ipc::Identity identity = adoption.identity;
    master_ = getppid();
    if (auto became = process::Become(adoption, master_); !became) return GiveUp(became.error().message);
    if (auto entered = process::EnterSandbox(identity); !entered) return GiveUp(entered.error().message);
    auto server = Server::Create(loop_, std::move(adoption), modules_);
    if (!server) return GiveUp(server.error().message);
    if (auto is_sealed = process::SealSandbox(identity); !is_sealed) return GiveUp(is_sealed.error().message);
    server_ = *std::move(server);
    server_->OnUnusable(
        [this](std::uint32_t ordinal, int code) { channel_.Send(ipc::Unusable{.ordinal = ordinal, .code = code}); });
    server_->Start();
    state_ = State::kServing;
    sys::SetTitle(kTitle);
    channel_.Send(ipc::Ready{});
  }

  void OnClient(const ipc::Client& client, channel::Received& received) {
    const auto peer = sys::Address::FromBytes(client.peer);
    server_->Take(client.ordinal, std::move(received.fds.front()), peer ? *peer : sys::Address(),
                  [this, sequence = received.sequence] { channel_.Send(ipc::Done{}, {}, sequence); });
  }

  void OnLend(const ipc::Lend& lend, channel::Received& received) {
    sys::UniqueFd fd = std::move(received.fds.front());
    switch (lend.kind) {
      case ipc::LentKind::kListener:
        if (state_ == State::kServing) server_->AddListener({lend.ordinal, lend.name, std::move(fd)});
        return;
      case ipc::LentKind::kLog:
        if (auto replaced = server_->ReplaceLog(lend.ordinal, std::move(fd)); !replaced) {
          log::Main().Print(log::Level::kAlert, "worker: the log \"{}\" stays as it was: {}", lend.name,
                            replaced.error().message);
        }
        channel_.Send(ipc::Done{}, {}, received.sequence);
        return;
      case ipc::LentKind::kZone:
        break;
    }
    Unasked(received);
  }

  void Unasked(const channel::Received& received) {
    log::Main().Print(log::Level::kAlert, "worker: the master sent {}, which says nothing to a worker",
                      ipc::Describe(received.message));
  }

  // The master is gone. Its listening sockets must not keep a new one from starting, so they are closed at once; who
  // waits in their queues would be reset by that.
  void OnClosed(std::string why) override {
    if (state_ == State::kAdopting) return Leave(kExitFailed);
    MasterIsGone(why);
  }

  // Heard from the channel or from the kernel (become.cc), whichever is first, and then from the other one.
  void MasterIsGone(std::string_view why) {
    if (!std::exchange(is_orphan_, true)) {
      log::Main().Print(log::Level::kAlert, "worker: the master (pid {}) is gone{}{}, draining", master_,
                        why.empty() ? "" : ": ", why);
    }
    if (state_ == State::kServing) server_->ReleaseAll();
    StartDraining(kOrphanLimit);
  }

  void OnSignal(const loop::SignalInfo& signal) {
    switch (signal.number) {
      case SIGTERM:
      case SIGINT:
        log::Main().Print(log::Level::kNotice, "signal {} ({}) received from {}, exiting", signal.number,
                          loop::SignalName(signal.number), signal.sender_pid);
        return Leave(kExitOk);
      case SIGQUIT:
        if (state_ != State::kAdopting && getppid() != master_) return MasterIsGone({});
        log::Main().Print(log::Level::kNotice, "signal {} ({}) received from {}, shutting down", signal.number,
                          loop::SignalName(signal.number), signal.sender_pid);
        if (state_ == State::kAdopting) return Leave(kExitOk);
        if (state_ == State::kServing) server_->ReleaseAll();
        return StartDraining(std::nullopt);
      default:
        return;  // those are for the master
    }
  }

  void StartDraining(std::optional<util::Duration> limit) {
    if (state_ == State::kLeaving) return;
    if (state_ == State::kServing) {
      state_ = State::kDraining;
      sys::SetTitle(kDrainingTitle);
      server_->Drain(limit, [this] { Leave(kExitOk); });
      // The master closes its own sockets now: whoever is left in a queue that was removed is ours.
      channel_.Send(ipc::Draining{static_cast<std::uint32_t>(server_->connections())});
    } else {
      server_->Drain(limit, [this] { Leave(kExitOk); });
    }
  }

  // The master tells the operator: one line for each attempt.
  void GiveUp(const std::string& why) {
    channel_.Send(ipc::Failed{why});
    Leave(kExitFailed);
  }

  void Leave(int exit_code) {
    state_ = State::kLeaving;
    exit_code_ = exit_code;
    loop_.Stop();
  }

  const site::ModuleList& modules_;
  loop::Loop loop_;
  loop::Signals signals_;
  channel::Channel channel_;
  process::AdoptionReader reader_;
  std::unique_ptr<Server> server_;
  State state_ = State::kAdopting;
  pid_t master_ = 0;  // from the adoption on
  bool is_orphan_ = false;
  int exit_code_ = kExitOk;
};

}  // namespace

int RunAdopted(sys::UniqueFd channel, const site::ModuleList& modules) {
  process::InstallCrashReport();
  return Worker(std::move(channel), modules).Run();
}

int RunAlone(process::Adoption adoption, const site::ModuleList& modules,
             const std::function<void(const std::string& failure)>& on_ready) {
  process::InstallCrashReport();
  loop::Loop loop;
  if (auto became = process::Become(adoption, 0); !became) {
    on_ready(became.error().message);
    return kExitFailed;
  }
  auto server = Server::Create(loop, std::move(adoption), modules);
  if (!server) {
    on_ready(server.error().message);
    return kExitFailed;
  }
  const loop::Signals signals(loop, {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH},
                              [&](const loop::SignalInfo& signal) {
                                if (signal.number == SIGTERM || signal.number == SIGINT) loop.Stop();
                                if (signal.number != SIGQUIT) return;
                                (*server)->AllRemoved();
                                (*server)->Drain(std::nullopt, [&loop] { loop.Stop(); });
                              });
  (*server)->Start();
  on_ready({});
  loop.Run();
  return kExitOk;
}

}  // namespace colmeia::worker
