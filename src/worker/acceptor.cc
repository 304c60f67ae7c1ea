#include "worker/acceptor.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "worker/connections.h"

namespace colmeia::worker {

struct ExclusiveAcceptor::Entry {
  std::uint32_t ordinal;
  sys::UniqueFd fd;
  const http1::Listener& listener;
  std::optional<loop::AcceptPoll> shared;  // one of these two, unless the socket is broken
  std::optional<loop::Poll> own;
  std::uint32_t since_requeue = 0;
};

ExclusiveAcceptor::ExclusiveAcceptor(loop::Loop& loop, Connections& connections, scoreboard::SlotWriter counts,
                                     const scoreboard::Board* board, log::ErrorLog& log, AcceptorOptions options)
    : loop_(loop),
      connections_(connections),
      counts_(counts),
      board_(board),
      log_(log),
      options_(options),
      pause_(loop, [this] { Resume(); }),
      resume_(loop, [this] { Resume(); }) {}

ExclusiveAcceptor::~ExclusiveAcceptor() = default;

void ExclusiveAcceptor::Add(std::uint32_t ordinal, sys::UniqueFd fd, const http1::Listener& listener) {
  // Accepted sockets inherit it, which saves a system call for each of them.
  if (listener.core.tcp_nodelay) sys::SetNoDelay(fd.get(), true);
  const int number = fd.get();
  entries_.push_back(std::unique_ptr<Entry>(new Entry{ordinal, std::move(fd), listener, {}, {}, 0}));
  Entry& entry = *entries_.back();
  if (listener.socket.reuseport) {
    entry.own.emplace(loop_, number, [this, &entry](int) { OnReadable(entry); });
  } else {
    entry.shared.emplace(loop_, number, [this, &entry] { OnReadable(entry); });
  }
  if (state_ == State::kAccepting) StartEntry(entry);
}

void ExclusiveAcceptor::Start() {
  state_ = State::kAccepting;
  for (const auto& entry : entries_) StartEntry(*entry);
}

void ExclusiveAcceptor::StartEntry(Entry& entry) {
  if (entry.shared) entry.shared->Start();
  if (entry.own) entry.own->Start(loop::kReadable);
}

void ExclusiveAcceptor::StopEntry(Entry& entry) {
  if (entry.shared) entry.shared->Stop();
  if (entry.own) entry.own->Stop();
}

void ExclusiveAcceptor::OnReadable(Entry& entry) {
  bool is_first = true;
  for (;;) {
    const Took took = TakeOne(entry);
    if (took == Took::kNothing && is_first) counts_.Add(scoreboard::Total::kWastedAccepts);
    if (took != Took::kClient) break;
    is_first = false;
    if (!options_.multi_accept) break;
  }
}

ExclusiveAcceptor::Took ExclusiveAcceptor::TakeOne(Entry& entry) {
  if (!connections_.MakeRoom()) {
    Pause(State::kNoRoom);
    return Took::kPaused;
  }
  sys::Accepted accepted = sys::Accept(entry.fd.get());
  switch (accepted.status) {
    case sys::AcceptStatus::kAccepted:
      was_short_ = false;
      counts_.Add(scoreboard::Total::kAccepts);
      connections_.Add(entry.listener, std::move(accepted.fd), accepted.peer);
      Requeue(entry);
      return Took::kClient;
    case sys::AcceptStatus::kEmpty:
      return Took::kNothing;
    case sys::AcceptStatus::kTryAgain:
      return Took::kClient;
    case sys::AcceptStatus::kNoDescriptors:
      if (!std::exchange(was_short_, true)) {
        log_.Print(log::Level::kCrit, "accept4() failed ({}: {}), accepting pauses for {} ms at a time", accepted.code,
                   std::strerror(accepted.code), kPause.count());
      }
      Pause(State::kNoDescriptors);
      return Took::kPaused;
    case sys::AcceptStatus::kFailed:
      break;
  }
  log_.Print(log::Level::kAlert, "accept4() failed ({}: {}), {} is given up", accepted.code,
             std::strerror(accepted.code), entry.listener.socket.name);
  StopEntry(entry);
  return Took::kBroken;
}

void ExclusiveAcceptor::Requeue(Entry& entry) {
  if (!entry.shared) return;
  const bool is_ahead =
      board_ != nullptr && board_->LeveledAccepts(options_.slot) > board_->MeanAccepts(options_.generation);
  if (++entry.since_requeue < kRequeueAfter && !is_ahead) return;
  entry.since_requeue = 0;
  entry.shared->Requeue();
}

void ExclusiveAcceptor::Pause(State why) {
  state_ = why;
  for (const auto& entry : entries_) StopEntry(*entry);
  if (why == State::kNoDescriptors) pause_.StartAfter(kPause);
}

void ExclusiveAcceptor::Resume() {
  if (paused()) Start();
}

void ExclusiveAcceptor::OnRoom() {
  if (state_ == State::kNoRoom) resume_.StartAfter(util::Duration::zero());
}

void ExclusiveAcceptor::Release(std::uint32_t ordinal) {
  // The last one of that listener: the first is the seat's own, the others are borrowed.
  const auto last = std::find_if(entries_.rbegin(), entries_.rend(),
                                 [&](const std::unique_ptr<Entry>& entry) { return entry->ordinal == ordinal; });
  if (last == entries_.rend()) return;
  const std::unique_ptr<Entry> entry = std::move(*last);
  entries_.erase(std::next(last).base());
  StopEntry(*entry);
  if (state_ == State::kStopped) return;
  while (TakeOne(*entry) == Took::kClient) {
  }
}

void ExclusiveAcceptor::Stop() {
  state_ = State::kStopped;
  pause_.Stop();
  resume_.Stop();
  for (const auto& entry : entries_) StopEntry(*entry);
  entries_.clear();
}

}  // namespace colmeia::worker
