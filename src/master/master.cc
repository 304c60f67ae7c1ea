#include "master/master.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <type_traits>

#include <fmt/core.h>

#include "ipc/codec.h"
#include "log/error_log.h"
#include "master/signals.h"

namespace colmeia::master {
namespace {

std::vector<int> SignalNumbers() {
  std::vector<int> numbers;
  for (const SignalRow& row : SignalTable()) numbers.push_back(row.number);
  return numbers;
}

// Orphans come to PID 1 of a container, and to a process that asked for them (PR_SET_CHILD_SUBREAPER).
bool AdoptsOrphans() {
  int subreaper = 0;
  prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
  return getpid() == 1 || subreaper != 0;
}

}  // namespace

Result<std::unique_ptr<Master>> Master::Create(MasterOptions options) {
  auto board = scoreboard::Board::Create();
  if (!board) return tl::unexpected(board.error());
  auto trace = trace::Writer::Create();
  if (!trace) return tl::unexpected(trace.error());
  return std::unique_ptr<Master>(new Master(std::move(options), *std::move(board), *std::move(trace)));
}

Master::Master(MasterOptions options, scoreboard::Board board, trace::Writer trace)
    : options_(std::move(options)),
      board_(std::move(board)),
      trace_(std::move(trace)),
      deadline_(loop_, [this] { OnEvent(Deadline{}); }),
      strangers_(loop_, [this] { ReapStrangers(); }),
      signals_(loop_, SignalNumbers(), [this](const loop::SignalInfo& signal) {
        OnEvent(Signal{signal.number, signal.sender_pid, signal.from_process});
      }) {
  texts_.emplace(1, std::move(options_.text));
}

int Master::Run() {
  static constexpr std::chrono::seconds kStrangersEvery{1};
  if (AdoptsOrphans()) strangers_.StartEvery(kStrangersEvery);
  OnEvent(Start{options_.plan});
  loop_.Run();
  return exit_code_;
}

void Master::OnEvent(Event event) {
  events_.push_back(std::move(event));
  if (!handling_) HandleAll();
}

void Master::HandleAll() {
  handling_ = true;
  while (!events_.empty()) {
    const Event event = std::move(events_.front());
    events_.pop_front();
    RecordEvent(event);
    // Work may have taken its time since the loop last looked at the clock.
    loop_.UpdateTime();
    for (const Action& action : supervisor_.On(event, loop_.Now())) {
      std::visit([this](const auto& one) { Perform(one); }, action);
    }
    std::erase_if(workers_, [](const auto& entry) { return entry.second->over(); });
  }
  handling_ = false;
  cause_ = 0;
  if (const auto deadline = supervisor_.NextDeadline()) {
    deadline_.StartAt(*deadline);
  } else {
    deadline_.Stop();
  }
}

// What happened, for the trace; frames are recorded as they pass.
void Master::RecordEvent(const Event& event) {
  trace::Event record;
  if (const auto* const signal = std::get_if<Signal>(&event)) {
    record = {.kind = trace::Kind::kSignal, .pid = signal->sender, .text = DescribeSignal(signal->number)};
  } else if (const auto* const exit = std::get_if<Exit>(&event)) {
    const WorkerChild* const child = FindWorker(exit->slot);
    record = {.kind = trace::Kind::kExit,
              .slot = exit->slot,
              .pid = child != nullptr ? child->pid() : 0,
              .text = DescribeExit(exit->code, exit->signal)};
  } else if (const auto* const closed = std::get_if<ChannelClosed>(&event)) {
    record = {.kind = trace::Kind::kClosed, .slot = closed->slot, .text = closed->why};
  } else if (std::holds_alternative<Deadline>(event)) {
    record.kind = trace::Kind::kDeadline;
  } else {
    return;
  }
  cause_ = trace_.Record(record);
}

void Master::OnFrame(std::uint32_t slot, ipc::Traffic traffic, const ipc::FrameInfo& frame) {
  const WorkerChild* const child = FindWorker(slot);
  const bool sent = traffic == ipc::Traffic::kSent;
  const std::uint64_t number = trace_.Record({
      .kind = sent ? trace::Kind::kSend : trace::Kind::kReceive,
      .slot = slot,
      .generation = child != nullptr ? child->generation : 0,
      .pid = child != nullptr ? child->pid() : 0,
      .message_type = static_cast<std::uint16_t>(frame.type),
      .frame_sequence = frame.sequence,
      .size = static_cast<std::uint32_t>(frame.size),
      .cause = sent ? cause_ : 0,
      .text = frame.message != nullptr ? ipc::Describe(*frame.message) : std::string(),
  });
  if (!sent) cause_ = number;
}

void Master::Perform(const Compile& action) {
  const std::uint32_t generation = action.generation;
  auto child = CompilerChild::Spawn(loop_, *this, options_.command_line, [this, generation](CompilerResult result) {
    // The child cannot be destroyed inside its own callback's frame by us: keep it until this function ends.
    const auto node = compilers_.extract(generation);
    if (result.plan) texts_[generation] = std::move(result.text);
    OnEvent(Compiled{generation, result.plan, result.why});
  });
  if (!child) {
    OnEvent(Compiled{generation, nullptr, child.error().message});
    return;
  }
  compilers_.emplace(generation, *std::move(child));
  trace_.Record({.kind = trace::Kind::kSpawn, .generation = generation, .cause = cause_, .text = "compiler"});
}

void Master::Perform(const CancelCompile& action) {
  if (const auto child = compilers_.find(action.generation); child != compilers_.end()) child->second->Kill();
}

void Master::Perform(const OpenResources& action) {
  auto opened = resources_.Open(action.generation, action.plan);
  trace_.Record({.kind = trace::Kind::kListener,
                 .generation = action.generation,
                 .cause = cause_,
                 .text = opened ? fmt::format("opened {}", action.plan->listeners.size()) : opened.error().message});
  if (opened) {
    OnEvent(ResourcesOpened{action.generation});
  } else {
    OnEvent(ResourcesFailed{action.generation, opened.error().message});
  }
}

void Master::Perform(const Promote& action) {
  resources_.Promote(action.generation);
  trace_.Record(
      {.kind = trace::Kind::kGeneration, .generation = action.generation, .cause = cause_, .text = "current"});
}

void Master::Perform(const CloseListeners& action) {
  resources_.CloseListeners(action.generation);
  trace_.Record({.kind = trace::Kind::kListener, .generation = action.generation, .cause = cause_, .text = "closed"});
}

void Master::Perform(const CloseGeneration& action) {
  resources_.Close(action.generation);
  texts_.erase(action.generation);
  trace_.Record({.kind = trace::Kind::kGeneration, .generation = action.generation, .cause = cause_, .text = "closed"});
}

void Master::Perform(const Spawn& action) {
  const OpenGeneration* const open = resources_.Find(action.generation);
  CHECK(open != nullptr);
  auto child = WorkerChild::Spawn(loop_, *this, action.slot, open->plan->environment);
  if (!child) {
    OnEvent(SpawnFailed{action.slot, child.error().message});
    return;
  }
  const pid_t pid = (*child)->pid();
  (*child)->generation = action.generation;
  workers_[action.slot] = *std::move(child);
  trace_.Record({.kind = trace::Kind::kSpawn,
                 .slot = action.slot,
                 .generation = action.generation,
                 .pid = pid,
                 .cause = cause_,
                 .text = fmt::format("worker {}", action.seat)});
  OnEvent(Spawned{action.slot, pid});
}

void Master::Perform(const Adopt& action) {
  WorkerChild* const child = FindWorker(action.slot);
  const OpenGeneration* const open = resources_.Find(action.generation);
  if (child == nullptr || open == nullptr) return;
  // Workers that were added since the configuration was read need sockets of their own.
  if (auto grown = resources_.GrowClones(action.generation, action.seats); !grown) {
    log::Main().Print(log::Level::kError, "master: {}", grown.error().message);
  }
  std::uint32_t sockets = 0;
  for (const auto& listener : open->listeners) {
    const auto count = static_cast<std::uint32_t>(listener->sockets.size());
    if (!listener->reuseport) {
      sockets += count;
    } else if (action.seat < count) {
      sockets += (count - action.seat + action.seats - 1) / action.seats;
    }
  }
  ipc::Adopt adopt;
  adopt.generation = action.generation;
  adopt.slot = action.slot;
  adopt.seat = action.seat;
  adopt.seats = action.seats;
  adopt.listeners = sockets;
  adopt.logs = static_cast<std::uint32_t>(open->logs.size());
  // One row of the affinity is enough for one seat, and a frame has its limit.
  ipc::Identity identity = open->plan->identity;
  if (!identity.affinity.empty()) {
    identity.affinity = {identity.affinity[std::min<std::size_t>(action.seat, identity.affinity.size() - 1)]};
  }
  adopt.identity = ipc::Encode(identity);
  child->Send(adopt, {texts_.at(action.generation).get(), board_.fd(), trace_.fd()});
  SendListeners(*child, *open, action);
  for (std::uint32_t i = 0; i < open->logs.size(); ++i) {
    child->Send(ipc::Log{i, open->logs[i]->path}, {open->logs[i]->fd.get()});
  }
  child->Send(ipc::Go{});
  child->adopted = true;
}

// A `reuseport` listener has a socket for each seat. After a reload to fewer seats there are more sockets than seats:
// every one of them still has a worker that accepts from it, so that no queue is left alone.
void Master::SendListeners(WorkerChild& child, const OpenGeneration& open, const Adopt& seat) {
  for (std::uint32_t ordinal = 0; ordinal < open.listeners.size(); ++ordinal) {
    const OpenListener& listener = *open.listeners[ordinal];
    const std::size_t first = listener.reuseport ? seat.seat : 0;
    const std::size_t step = listener.reuseport ? seat.seats : 1;
    for (std::size_t i = first; i < listener.sockets.size(); i += step) {
      child.Send(ipc::Listener{ordinal, listener.name}, {listener.sockets[i].get()});
    }
  }
}

void Master::Perform(const Send& action) {
  if (WorkerChild* const child = FindWorker(action.slot)) child->Send(action.message);
}

void Master::Perform(const Kill& action) {
  WorkerChild* const child = FindWorker(action.slot);
  if (child == nullptr) return;
  child->Kill(action.signal);
  trace_.Record({.kind = trace::Kind::kKill,
                 .slot = action.slot,
                 .generation = child->generation,
                 .pid = child->pid(),
                 .cause = cause_,
                 .text = DescribeSignal(action.signal)});
}

void Master::Perform(const CloseChannel& action) {
  if (WorkerChild* const child = FindWorker(action.slot)) child->CloseChannel();
}

void Master::Perform(const SetState& action) {
  switch (action.state) {
    case SlotState::kStarting:
      // The process is known at the second time; until then the slot is nobody's.
      if (action.pid != 0) board_.Occupy(action.slot, {action.pid, action.generation, action.seat});
      break;
    case SlotState::kEmpty:
      board_.Retire(action.slot);
      break;
    default:
      board_.SetState(action.slot, action.state);
  }
  trace_.Record({.kind = trace::Kind::kState,
                 .slot = action.slot,
                 .generation = action.generation,
                 .pid = action.pid,
                 .cause = cause_,
                 .text = std::string(scoreboard::SlotStateName(action.state))});
}

void Master::Perform(const SetServer& action) {
  board_.SetServer(action.state, action.generation);
  trace_.Record({.kind = trace::Kind::kServer,
                 .generation = action.generation,
                 .cause = cause_,
                 .text = std::string(scoreboard::ServerStateName(action.state))});
}

void Master::Perform(const ReopenLogs&) {
  Resources::Reopened reopened = resources_.ReopenLogs();
  LogsReopened event;
  event.files = reopened.files;
  event.failures = std::move(reopened.failures);
  for (const auto& [slot, child] : workers_) {
    const OpenGeneration* const open = resources_.Find(child->generation);
    if (!child->adopted || open == nullptr) continue;
    for (std::uint32_t i = 0; i < open->logs.size(); ++i) {
      const std::uint32_t sequence = child->Send(ipc::Log{i, open->logs[i]->path}, {open->logs[i]->fd.get()});
      if (sequence != 0) event.sent.push_back({slot, sequence});
    }
  }
  OnEvent(std::move(event));
}

void Master::Perform(const Log& action) { log::Main().Write(action.level, action.text); }

void Master::Perform(const Started&) {
  if (options_.on_start) options_.on_start(Outcome::kOk, {});
}

void Master::Perform(const StartFailed& action) {
  if (options_.on_start) options_.on_start(action.outcome, action.why);
}

// The log has said it; nobody else waits for the end of a reload.
void Master::Perform(const Reloaded& action) {
  trace_.Record({.kind = trace::Kind::kReply,
                 .generation = action.generation,
                 .cause = cause_,
                 .text = action.why.empty() ? "reloaded" : action.why});
}

void Master::Perform(const Leave& action) {
  resources_.RemovePidFile();
  exit_code_ = action.exit_code;
  loop_.Stop();
}

WorkerChild* Master::FindWorker(std::uint32_t slot) {
  const auto at = workers_.find(slot);
  return at == workers_.end() ? nullptr : at->second.get();
}

// libuv reaps our own children by number; waitpid(-1) would steal them. So a dead child is looked at first, and taken
// only when it is nobody's.
void Master::ReapStrangers() {
  siginfo_t info{};
  while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0) {
    const bool ours = std::any_of(workers_.begin(), workers_.end(),
                                  [&](const auto& entry) { return entry.second->pid() == info.si_pid; });
    if (ours || !compilers_.empty()) return;  // its own callback is on the way; look again at the next second
    waitpid(info.si_pid, nullptr, WNOHANG);
    info = {};
  }
}

}  // namespace colmeia::master
