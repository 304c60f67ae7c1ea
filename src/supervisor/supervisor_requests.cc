// Who asked over the control socket, and when they are answered.
#include <algorithm>

#include <fmt/core.h>

#include "supervisor/command.h"
#include "supervisor/supervisor.h"
#include "supervisor/words.h"

namespace colmeia::supervisor {

using log::Level;
using supervisor::Command;

namespace {

std::string ServeText(std::size_t workers) { return Count(workers, "worker") + (workers == 1 ? " serves" : " serve"); }

}  // namespace

void Supervisor::Handle(const Request& event) {
  const Command command = event.order.command;
  Requester requester;
  requester.received = fmt::format("{} requested", supervisor::CommandName(command));
  if (event.sender != 0) requester.received += fmt::format(" by {}", event.sender);
  requester.by = fmt::format("a request ({})", supervisor::CommandName(command));
  requester.request = event.id;
  if (phase_ == ServerPhase::kStandIn)
    return Refuse(requester, fmt::format("ask the new master (pid {})", upgrade_.pid));
  switch (command) {
    case Command::kReload:
      return Reload(requester);
    case Command::kReopen:
      return Reopen(requester);
    case Command::kQuit:
      return Quit(requester);
    case Command::kStop:
      return Stop(requester);
    case Command::kUpgrade:
      return BeginUpgrade(requester);
    case Command::kRestart:
      return Restart(requester);
    case Command::kScale:
      return Scale(requester, std::nullopt, event.order.argument);
    case Command::kDrain:
      return DrainOne(requester, event.order.argument);
    case Command::kKill:
      return KillOne(requester, event.order.argument);
  }
}

void Supervisor::Handle(const RequesterGone& event) {
  std::erase_if(requests_, [&](const PendingRequest& request) { return request.id == event.id; });
}

void Supervisor::Refuse(const Requester& requester, const std::string& why, RequestOutcome outcome) {
  Say(Level::kNotice, fmt::format("{}, ignored: {}", requester.received, why));
  if (requester.request) Do(Reply{*requester.request, outcome, why});
}

PendingRequest* Supervisor::Await(const Requester& requester, Command command) {
  if (!requester.request) return nullptr;
  PendingRequest& request = requests_.emplace_back();
  request.id = *requester.request;
  request.command = command;
  return &request;
}

void Supervisor::Answer(const Which& which, RequestOutcome outcome, const std::string& message) {
  std::erase_if(requests_, [&](const PendingRequest& request) {
    if (!which(request)) return false;
    if (request.result.empty()) {
      Do(Reply{request.id, outcome, message});
    } else {  // whatever comes after it
      Do(Reply{request.id, RequestOutcome::kOk, request.result});
    }
    return true;
  });
}

// Who is told that a reload is done may count on it: no older worker takes clients any more. One that hangs is named,
// for it would take some if it woke up.
void Supervisor::AnswerReloads() {
  for (PendingRequest& request : requests_) {
    if (request.result.empty()) continue;
    const std::optional<std::uint32_t> late = AcceptsBefore(request.turn);
    if (!late) {
      request.result_due = now_;
    } else if (request.result_due <= now_) {
      request.result += fmt::format("; {} has not said yet that it accepts no more", Name(slots_[*late]));
    }
  }
  Answer([this](const PendingRequest& it) { return !it.result.empty() && it.result_due <= now_; }, RequestOutcome::kOk,
         {});
}

// What is wanted is there, or cannot be had just now.
void Supervisor::AnswerWhatIsDone() {
  AnswerReloads();
  const auto left = [](const PendingRequest& it) { return it.command == Command::kDrain && it.slots.empty(); };
  const Generation* serving = Serving();
  if (serving == nullptr) {
    return Answer(left, RequestOutcome::kOk, "the worker is gone");
  }
  const auto waits_for_workers = [&](const PendingRequest& it) {
    return left(it) || (it.command == Command::kScale && it.turn == serving->number) ||
           (it.command == Command::kRestart && it.slots.empty());
  };
  if (!EmptySeats(*serving).empty()) {
    const bool restarting = std::any_of(requests_.begin(), requests_.end(),
                                        [](const PendingRequest& it) { return it.command == Command::kRestart; });
    const std::string text = DegradedText(*serving);
    Answer(waits_for_workers, RequestOutcome::kRolledBack, text + "; it is tried again and again");
    if (!restarting) return;
    Say(Level::kError, "the restart stopped: " + text);
    Answer([](const PendingRequest& it) { return it.command == Command::kRestart; }, RequestOutcome::kRolledBack,
           "the restart stopped: " + text);
    std::erase_if(rotation_.waiting(),
                  [](const Rotation::Job& job) { return job.reason == Rotation::Reason::kRestart; });
    return;
  }
  if (ReadySeats(*serving) < serving->seats.size()) return;
  const std::vector<PendingRequest> waiting = requests_;
  for (const PendingRequest& request : waiting) {
    if (!waits_for_workers(request)) continue;
    std::string text;
    if (request.command == Command::kScale) {
      text = ServeText(request.workers);
    } else if (request.command == Command::kRestart) {
      text = fmt::format("{} replaced, one at a time", Count(request.workers, "worker"));
    } else {
      text = fmt::format("{} is gone, {}", request.subject, ServeText(serving->seats.size()));
    }
    Answer([&](const PendingRequest& it) { return it.id == request.id; }, RequestOutcome::kOk, text);
  }
}

// All is over.
void Supervisor::AnswerTheRest() {
  const auto ends = [](const PendingRequest& it) {
    return it.command == Command::kQuit || it.command == Command::kStop;
  };
  Answer(ends, RequestOutcome::kOk, "the server has stopped");
  const std::string why =
      start_failure_ ? "the server did not start: " + start_failure_->why : "the server has stopped";
  Answer([](const PendingRequest&) { return true; },
         start_failure_ ? start_failure_->outcome : RequestOutcome::kRolledBack, why);
}

}  // namespace colmeia::supervisor
