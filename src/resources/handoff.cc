#include "resources/handoff.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "log/error_log.h"
#include "supervisor/words.h"
#include "sys/sockets.h"

namespace colmeia::resources {

Handoff::Handoff(loop::Loop& loop, const Resources& resources, Send send)
    : loop_(loop),
      resources_(resources),
      send_(std::move(send)),
      broken_(loop,
              [this] {
                if (on_unusable) on_unusable();
              }),
      pause_(loop, [this] { Pump(); }) {}

void Handoff::Promoted(std::uint32_t generation) {
  const OpenGeneration* const open = resources_.Find(generation);
  generation_ = generation;
  sources_.clear();
  for (std::uint32_t ordinal = 0; ordinal < open->listeners.size(); ++ordinal) {
    if (!open->MasterAccepts(ordinal)) continue;
    const OpenListener& listener = *open->listeners[ordinal];
    auto source = std::make_unique<Source>();
    Source& it = *source;
    it.address = listener.address();
    it.fd = listener.sockets().front().get();
    it.poll = std::make_unique<loop::Poll>(loop_, it.fd, [this, &it](int) {
      AcceptAll(it);
      Pump();
    });
    sources_.push_back(std::move(source));
  }
  Pump();
}

void Handoff::Closing(std::uint32_t generation) {
  if (generation == generation_) sources_.clear();
}

void Handoff::Ready(std::uint32_t slot, std::uint32_t generation) {
  const OpenGeneration* const open = resources_.Find(generation);
  if (open == nullptr || open->plan->accept_by != ipc::AcceptBy::kHandoff) return;
  turns_.Join(slot, generation);
  Pump();
}

void Handoff::Leaving(std::uint32_t slot) {
  turns_.Leave(slot);
  Pump();
}

void Handoff::Gone(std::uint32_t slot) {
  std::vector<QueuedClient> back = turns_.Gone(slot);
  if (!back.empty()) {
    log::Main().Print(log::Level::kNotice, "master: {} that the worker in slot {} had not taken {} to others",
                      supervisor::Count(back.size(), "client"), slot, back.size() == 1 ? "goes" : "go");
  }
  for (QueuedClient& client : back) kept_.push_back(std::move(client));
  Pump();
}

bool Handoff::Taken(std::uint32_t slot, std::uint32_t in_reply_to) {
  if (!turns_.Taken(slot, in_reply_to)) return false;
  Pump();
  return true;
}

// While nobody has room the sockets are not waited for; when somebody has again, clients are likely to be there.
void Handoff::Pump() {
  for (auto slot = turns_.Next(generation_); slot && !kept_.empty(); slot = turns_.Next(generation_)) {
    QueuedClient client = std::move(kept_.front());
    kept_.pop_front();
    Give(*slot, std::move(client));
  }
  if (MayAccept() && std::exchange(blocked_, false)) {
    for (const auto& source : sources_) AcceptAll(*source);
    // Another one is the first next time.
    if (!sources_.empty()) std::rotate(sources_.begin(), sources_.begin() + 1, sources_.end());
  }
  blocked_ = !MayAccept();
  for (const auto& source : sources_) {
    if (blocked_ || !source->usable) {
      source->poll->Stop();
    } else {
      source->poll->Start(loop::kReadable);
    }
  }
}

bool Handoff::MayAccept() const { return kept_.empty() && !pause_.active() && turns_.Next(generation_).has_value(); }

void Handoff::AcceptAll(Source& source) {
  while (source.usable && !pause_.active()) {
    const auto slot = turns_.Next(generation_);
    if (!slot || !AcceptOne(source, *slot)) return;
  }
}

bool Handoff::AcceptOne(Source& source, std::uint32_t slot) {
  sys::Accepted accepted = sys::Accept(source.fd);
  switch (accepted.status) {
    case sys::AcceptStatus::kAccepted:
      Give(slot, {std::move(accepted.fd), source.address, accepted.peer});
      return true;
    case sys::AcceptStatus::kEmpty:
      // A Unix socket that was shut down has an empty queue for ever, and is ready for reading all the time.
      if (source.address.family() != AF_UNIX || sys::IsListening(source.fd)) return false;
      break;
    case sys::AcceptStatus::kTryAgain:
      return true;
    case sys::AcceptStatus::kNoDescriptors:
      if (short_.Take(loop_.Now())) {
        log::Main().Print(log::Level::kCrit,
                          "master: accept4() failed ({}: {}), accepting pauses for {} ms at a time; raise the master's "
                          "limit of open files (ulimit -n, LimitNOFILE)",
                          accepted.code, std::strerror(accepted.code), kPause.count());
      }
      pause_.StartAfter(kPause);
      return false;
    case sys::AcceptStatus::kFailed:
      break;
  }
  source.usable = false;
  broken_.StartAfter(util::Duration::zero());
  return false;
}

void Handoff::Give(std::uint32_t slot, QueuedClient client) {
  const auto ordinal = OrdinalOf(client.listener);
  // Its listener went with a reload while the client was on its way to a worker that ended: nobody can serve it.
  if (!ordinal) return;
  const ipc::Client message{*ordinal, std::string(client.peer.bytes())};
  const std::uint32_t sequence = send_(slot, message, client.fd.get());
  if (sequence != 0) return turns_.Sent(slot, sequence, std::move(client));
  // Its end is about to be told.
  turns_.Leave(slot);
  kept_.push_back(std::move(client));
}

std::optional<std::uint32_t> Handoff::OrdinalOf(const sys::Address& listener) const {
  const OpenGeneration* const open = resources_.Find(generation_);
  if (open == nullptr) return std::nullopt;
  for (std::uint32_t ordinal = 0; ordinal < open->listeners.size(); ++ordinal) {
    if (open->listeners[ordinal]->address() == listener) return ordinal;
  }
  return std::nullopt;
}

}  // namespace colmeia::resources
