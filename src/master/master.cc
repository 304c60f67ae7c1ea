#include "master/master.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <type_traits>

#include <fmt/core.h>

#include "log/error_log.h"
#include "master/status.h"
#include "supervisor/signals.h"
#include "supervisor/words.h"

namespace colmeia::master {
namespace {

std::vector<int> SignalNumbers() {
  std::vector<int> numbers;
  for (const supervisor::SignalRow& row : supervisor::SignalTable()) numbers.push_back(row.number);
  return numbers;
}

// A mapping of the trace for those who ask. The memory is there, so what fails is the kernel, for want of memory.
std::optional<trace::Reader> ReaderOf(const TraceRecorder& recorder) {
  auto reader = trace::Reader::Open(recorder.fd());
  if (!reader) return std::nullopt;
  return *std::move(reader);
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
      recorder_(std::move(trace)),
      resources_(std::move(options_.inherited), options_.zones),
      opening_(loop_, resources_),
      deadline_(loop_, [this] { OnEvent(supervisor::Deadline{}); }),
      strangers_(loop_, [this] { ReapStrangers(); }),
      signals_(loop_, SignalNumbers(),
               [this](const loop::SignalInfo& signal) {
                 OnEvent(supervisor::Signal{signal.number, signal.sender_pid, signal.from_process});
               }),
      desk_(
          loop_, *this,
          [this] { return CollectStatus(supervisor_, stats_.history(), board_, resources_, loop_.Now()); },
          [this] { return RunningConfiguration(); }, ReaderOf(recorder_)),
      monitor_(loop_, supervisor_, board_, [this](supervisor::Event event) { OnEvent(std::move(event)); }),
      stats_(loop_, board_),
      clones_(loop_, resources_,
              [this](std::uint32_t slot, const ipc::Message& message, const std::vector<int>& fds) {
                WorkerChild* const child = FindWorker(slot);
                return child != nullptr && child->Send(message, fds) != 0;
              }),
      handoff_(loop_, resources_,
               [this](std::uint32_t slot, const ipc::Message& message, int fd) {
                 WorkerChild* const child = FindWorker(slot);
                 return child != nullptr ? child->Send(message, {fd}) : 0;
               }),
      mender_(loop_, resources_,
              [this](const resources::OpenListener& listener, const std::vector<std::size_t>& sockets) {
                return HandOut(listener, sockets);
              }),
      notifier_(loop_, options_.notify) {
  texts_.emplace(1, std::move(options_.text));
  handoff_.on_unusable = [this] { mender_.Look(); };
  if (!options_.zones.zones.empty()) zone_side_ = (options_.zones.side + 1) % zone::kSides;
  options_.zones.zones.clear();
}

Result<control::Configuration> Master::RunningConfiguration() const {
  const supervisor::Generation* const current = supervisor_.current();
  const auto text = current == nullptr ? texts_.end() : texts_.find(current->number);
  if (text == texts_.end()) return Fail("no generation is current yet");
  return CollectConfiguration(text->first, text->second.get());
}

int Master::Run() {
  static constexpr std::chrono::seconds kStrangersEvery{1};
  if (AdoptsOrphans()) strangers_.StartEvery(kStrangersEvery);
  monitor_.Start();
  stats_.lost_names = [this] { return resources_.LostNames(); };
  stats_.Start();
  // While two masters hold the sockets, closing one of them would not close it.
  clones_.Hold(static_cast<bool>(options_.old_master));
  // Until then the old master speaks for the service, and the manager hears nobody else.
  if (options_.old_master) notifier_.Hold();
  options_.old_master.Watch(loop_, [this] {
    clones_.Hold(false);
    notifier_.Release();
    // Its workers are gone, too, or about to go: what they had is given back.
    resources_.GiveBackSide((zone_side_ + 1) % zone::kSides);
    OnEvent(supervisor::Independent{});
  });
  OnEvent(supervisor::Start{options_.plan, options_.old_master.old_master(), notifier_.active()});
  loop_.Run();
  return exit_code_;
}

void Master::OnEvent(supervisor::Event event) {
  // One for each client, and nothing to the life cycle.
  if (const auto* const received = std::get_if<supervisor::Received>(&event);
      received != nullptr && std::holds_alternative<ipc::Done>(received->message) &&
      handoff_.Taken(received->slot, received->in_reply_to)) {
    recorder_.Because(0);
    return;
  }
  // Before the slot is emptied.
  if (auto* const exit = std::get_if<supervisor::Exit>(&event); exit != nullptr && exit->signal != 0) {
    exit->serving = board_.LastWords(exit->slot);
  }
  events_.push_back({std::move(event), recorder_.cause()});
  if (!handling_) HandleAll();
}

void Master::HandleAll() {
  handling_ = true;
  while (!events_.empty()) {
    const auto [event, cause] = std::move(events_.front());
    events_.pop_front();
    recorder_.Because(cause);
    RecordEvent(event);
    ForgetGone(event);
    // Work may have taken its time since the loop last looked at the clock.
    loop_.UpdateTime();
    for (const supervisor::Action& action : supervisor_.On(event, loop_.Now())) {
      std::visit([this](const auto& one) { Perform(one); }, action);
    }
    std::erase_if(workers_, [](const auto& entry) { return entry.second->over(); });
  }
  handling_ = false;
  recorder_.Because(0);
  if (const auto deadline = supervisor_.NextDeadline()) {
    deadline_.StartAt(*deadline);
  } else {
    deadline_.Stop();
  }
}

// A worker that ends accepts from nobody's socket any more.
void Master::ForgetGone(const supervisor::Event& event) {
  if (const auto* const exit = std::get_if<supervisor::Exit>(&event)) clones_.Gone(exit->slot);
  if (const auto* const closed = std::get_if<supervisor::ChannelClosed>(&event)) {
    clones_.Gone(closed->slot);
    handoff_.Gone(closed->slot);
  }
}

// What happened, for the trace. Frames are recorded as they pass, and what answers an action of ours is no news.
void Master::RecordEvent(const supervisor::Event& event) {
  using trace::EventKind;
  using trace::Peer;
  if (const auto* const signal = std::get_if<supervisor::Signal>(&event)) {
    const supervisor::SignalRow* const row = supervisor::FindSignal(signal->number);
    Heard({.kind = EventKind::kSignal,
           .peer = Peer::kOperator,
           .pid = signal->sender,
           .text = supervisor::DescribeSignal(signal->number)},
          row != nullptr && row->wish == supervisor::Wish::kReload);
  } else if (const auto* const request = std::get_if<supervisor::Request>(&event)) {
    Heard({.kind = EventKind::kCommand,
           .peer = Peer::kOperator,
           .pid = request->sender,
           .text = supervisor::Describe(request->order)},
          request->order.command == supervisor::Command::kReload);
  } else if (const auto* const exit = std::get_if<supervisor::Exit>(&event)) {
    RecordEnd(*exit);
  } else if (const auto* const closed = std::get_if<supervisor::ChannelClosed>(&event)) {
    recorder_.Closed(PartyIn(closed->slot), closed->why);
  } else if (const auto* const stale = std::get_if<supervisor::Stale>(&event)) {
    const std::string_view what = stale->traced ? "held by a debugger" : "hung";
    RecordSight(EventKind::kHeartbeat, stale->slot,
                fmt::format("missed: {}, no sign of life for {}", what, supervisor::Words(stale->age)));
  } else if (const auto* const fresh = std::get_if<supervisor::Fresh>(&event)) {
    RecordSight(EventKind::kHeartbeat, fresh->slot, "back");
  } else if (const auto* const recycle = std::get_if<supervisor::Recycle>(&event)) {
    RecordSight(EventKind::kRecycle, recycle->slot, recycle->why);
  } else if (std::holds_alternative<supervisor::UpgradeReady>(event)) {
    recorder_.Said(SuccessorParty(), "Ready");
  } else if (const auto* const failed = std::get_if<supervisor::UpgradeFailed>(&event);
             failed != nullptr && successor_ != nullptr) {
    recorder_.Said(SuccessorParty(), fmt::format("Failed why=\"{}\"", supervisor::OneLine(failed->why)));
  } else if (const auto* const left = std::get_if<supervisor::UpgradeExited>(&event)) {
    recorder_.Ended(SuccessorParty(), supervisor::DescribeExit(left->code, left->signal));
  } else if (std::holds_alternative<supervisor::Independent>(event)) {
    recorder_.Heard({.kind = EventKind::kClosed, .text = "the old master serves no more"});
  } else if (std::holds_alternative<supervisor::Deadline>(event)) {
    recorder_.DeadlineCame();
  } else if (std::holds_alternative<supervisor::RequesterGone>(event) ||
             std::holds_alternative<supervisor::Start>(event)) {
    recorder_.Because(0);
  }
}

void Master::RecordEnd(const supervisor::Exit& exit) {
  supervisor::Slot slot = supervisor_.slots()[exit.slot];
  slot.exit_code = exit.code;
  slot.exit_signal = exit.signal;
  slot.serving = exit.serving;
  const std::string how = supervisor::DescribeEnd(slot);
  recorder_.Ended(PartyIn(exit.slot), how);
  if (slot.hung) stats_.Explain(slot.pid, how);
}

// What an operator wants.
void Master::Heard(trace::Event event, bool wants_reload) {
  if (wants_reload) {
    recorder_.HeardOfReload(std::move(event));
  } else {
    recorder_.Heard(std::move(event));
  }
}

// What was seen of a worker from outside.
void Master::RecordSight(trace::EventKind kind, std::uint32_t slot, std::string text) {
  const Party party = PartyIn(slot);
  recorder_.Heard({.kind = kind,
                   .peer = party.peer,
                   .slot = party.slot,
                   .seat = party.seat,
                   .generation = party.generation,
                   .pid = party.pid,
                   .text = std::move(text)});
}

void Master::OnFrame(const Party& child, channel::Traffic traffic, const channel::FrameInfo& frame) {
  std::string left_out_text;
  if (frame.type == ipc::MessageType::kClient) {
    const auto left_out = clients_traced_.Sent(child.slot, frame.sequence, loop_.Now());
    if (!left_out) return;
    if (*left_out > 0) left_out_text = fmt::format(", and {} before it", supervisor::Count(*left_out, "other"));
  } else if (handoff_.Awaits(child.slot, frame.in_reply_to) &&
             !clients_traced_.Answers(child.slot, frame.in_reply_to)) {
    return;
  }
  recorder_.Frame(child, traffic, frame, left_out_text);
}

Party Master::PartyIn(std::uint32_t slot) {
  const WorkerChild* const child = FindWorker(slot);
  return child != nullptr ? child->party() : Party{.peer = trace::Peer::kWorker, .slot = slot};
}

Party Master::SuccessorParty() const {
  return {.peer = trace::Peer::kSuccessor, .pid = successor_ != nullptr ? successor_->pid() : 0};
}

std::uint32_t Master::HolderOf(std::uint32_t slot) const { return zone_side_ * zone::kHoldersPerSide + slot; }

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
    const bool successor = successor_ != nullptr && successor_->pid() == info.si_pid;
    // Its own callback is on the way; look again at the next second.
    if (ours || successor || !compilers_.empty()) return;
    waitpid(info.si_pid, nullptr, WNOHANG);
    info = {};
  }
}

}  // namespace colmeia::master
