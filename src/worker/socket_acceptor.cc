#include "worker/socket_acceptor.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "sys/sockets.h"
#include "worker/connections.h"

namespace colmeia::worker {

struct SocketAcceptor::Entry {
  std::uint32_t ordinal;
  sys::UniqueFd fd;
  const session::Listener& listener;
  std::unique_ptr<Watch> watch;  // declared after fd, so that it ends before the descriptor closes
  bool removed = false;
  bool broken = false;  // accepting from it failed for good
};

bool SocketAcceptor::IsUnix(const Entry& entry) { return entry.listener.socket.address.family() == AF_UNIX; }

SocketAcceptor::SocketAcceptor(const AcceptorParts& parts)
    : parts_(parts),
      pause_(parts.loop, [this] { Resume(); }),
      last_call_(parts.loop, [this] { EmptyRemoved(); }),
      resume_(parts.loop, [this] { Resume(); }) {}

SocketAcceptor::~SocketAcceptor() = default;

void SocketAcceptor::DropAll() { entries_.clear(); }

// A Unix socket cannot be cloned: whatever is asked for, all share it.
bool SocketAcceptor::IsOwn(const site::ListenSocket& socket) const {
  const bool wanted = socket.reuseport || parts_.options.accept_by == ipc::AcceptBy::kReuseport;
  return wanted && socket.address.family() != AF_UNIX;
}

void SocketAcceptor::Add(std::uint32_t ordinal, sys::UniqueFd fd, const session::Listener& listener) {
  // Accepted sockets inherit it, which saves a system call for each of them.
  if (listener.core.tcp_nodelay) sys::SetNoDelay(fd.get(), true);
  const int number = fd.get();
  std::erase_if(entries_, [&](const auto& entry) { return entry->broken && entry->ordinal == ordinal; });
  entries_.push_back(std::unique_ptr<Entry>(new Entry{ordinal, std::move(fd), listener, nullptr}));
  Entry& entry = *entries_.back();
  const auto on_readable = [this, &entry] { OnReadable(entry); };
  if (IsOwn(listener.socket)) {
    entry.watch = std::make_unique<PlainWatch>(parts_.loop, number, on_readable);
  } else {
    entry.watch = WatchShared(number, on_readable);
  }
  if (state_ == State::kAccepting) entry.watch->Start();
}

void SocketAcceptor::Start() {
  state_ = State::kAccepting;
  for (const auto& entry : entries_) {
    if (!entry->broken) entry->watch->Start();
  }
}

void SocketAcceptor::OnReadable(Entry& entry) {
  bool is_first = true;
  for (;;) {
    const Took took = TakeOne(entry);
    if (took == Took::kNothing && is_first) parts_.counts.Add(scoreboard::Total::kWastedAccepts);
    if (took != Took::kClient) break;
    is_first = false;
    if (!parts_.options.multi_accept) break;
  }
}

SocketAcceptor::Took SocketAcceptor::TakeOne(Entry& entry) {
  if (!parts_.connections.MakeRoom()) {
    const bool is_full = parts_.connections.size() >= parts_.connections.limit();
    Pause(is_full ? State::kNoRoom : State::kNoDescriptors);
    return Took::kPaused;
  }
  sys::Accepted accepted = sys::Accept(entry.fd.get());
  switch (accepted.status) {
    case sys::AcceptStatus::kAccepted:
      was_short_ = false;
      parts_.counts.Add(scoreboard::Total::kAccepts);
      entry.watch->OnAccepted();
      parts_.connections.Add(entry.listener, std::move(accepted.fd), accepted.peer);
      return Took::kClient;
    case sys::AcceptStatus::kEmpty:
      // A Unix socket that was shut down has an empty queue for ever, and is ready for reading all the time.
      if (!IsUnix(entry) || entry.removed || sys::IsListening(entry.fd.get())) return Took::kNothing;
      accepted.code = EINVAL;
      break;
    case sys::AcceptStatus::kTryAgain:
      return Took::kClient;
    case sys::AcceptStatus::kNoDescriptors: {
      // What the whole system lacks, one more connection of ours hardly brings back.
      const bool is_ours = accepted.code == EMFILE || !was_short_;
      const bool tries_again = is_ours && parts_.connections.FreeDescriptor();
      was_short_ = true;
      if (short_.Take(parts_.loop.Now())) {
        parts_.log.Print(log::Level::kCrit, "accept4() failed ({}: {}), {}", accepted.code,
                         std::strerror(accepted.code),
                         tries_again ? "connections are closed for others" : "accepting pauses");
      }
      if (tries_again) return Took::kClient;
      Pause(State::kNoDescriptors);
      return Took::kPaused;
    }
    case sys::AcceptStatus::kFailed:
      break;
  }
  entry.watch->Stop();
  if (std::exchange(entry.broken, true) || entry.removed) return Took::kBroken;
  // Who lent the socket tells the operator what becomes of it: one line, however many workers have it.
  if (on_unusable) {
    on_unusable(entry.ordinal, accepted.code);
  } else {
    parts_.log.Print(log::Level::kAlert, "accept4() failed ({}: {}), {} is given up", accepted.code,
                     std::strerror(accepted.code), entry.listener.socket.name);
  }
  return Took::kBroken;
}

SocketAcceptor::Took SocketAcceptor::TakeAll(Entry& entry) {
  Took took = Took::kClient;
  while (took == Took::kClient) took = TakeOne(entry);
  return took;
}

void SocketAcceptor::Pause(State why) {
  state_ = why;
  for (const auto& entry : entries_) entry->watch->Stop();
  if (why == State::kNoDescriptors) pause_.StartAfter(kPause);
}

void SocketAcceptor::Resume() {
  if (!paused()) return;
  Start();
  if (draining_) EmptyRemoved();
}

void SocketAcceptor::OnRoom() {
  if (paused()) resume_.StartAfter(util::Duration::zero());
}

void SocketAcceptor::Release(std::uint32_t ordinal) {
  // The last one of that listener: the first is the seat's own, the others are borrowed.
  const auto last = std::find_if(entries_.rbegin(), entries_.rend(),
                                 [&](const std::unique_ptr<Entry>& entry) { return entry->ordinal == ordinal; });
  if (last == entries_.rend()) return;
  const std::unique_ptr<Entry> entry = std::move(*last);
  entries_.erase(std::next(last).base());
  entry->watch->Stop();
  if (state_ != State::kStopped) static_cast<void>(TakeAll(*entry));
}

void SocketAcceptor::Removed(std::uint32_t ordinal) {
  for (const auto& entry : entries_) entry->removed = entry->removed || entry->ordinal == ordinal;
}

void SocketAcceptor::Drain() {
  const bool never_started = state_ == State::kStopped;
  std::erase_if(entries_, [&](const auto& entry) { return never_started || !entry->removed; });
  for (const auto& entry : entries_) {
    // Nobody else is to have his share any more. The old watch ends first: a descriptor has one.
    entry->watch = nullptr;
    entry->watch = std::make_unique<PlainWatch>(parts_.loop, entry->fd.get(), [this, &it = *entry] { OnReadable(it); });
    if (state_ == State::kAccepting) entry->watch->Start();
  }
  draining_ = true;
  last_call_.StartAfter(kLastCall);
  EmptyRemoved();
}

// A client of a Unix socket is in the queue as soon as it has connected.
void SocketAcceptor::EmptyRemoved() {
  const bool nobody_comes = !last_call_.active();
  for (auto at = entries_.begin(); at != entries_.end();) {
    const Took took = TakeAll(**at);
    if (took == Took::kPaused) return;  // Resume() goes on
    at = took == Took::kBroken || nobody_comes || IsUnix(**at) ? entries_.erase(at) : std::next(at);
  }
  if (!entries_.empty()) return;
  Stop();
  if (on_closed) on_closed();
}

void SocketAcceptor::Stop() {
  state_ = State::kStopped;
  draining_ = false;
  pause_.Stop();
  last_call_.Stop();
  resume_.Stop();
  entries_.clear();
}

}  // namespace colmeia::worker
