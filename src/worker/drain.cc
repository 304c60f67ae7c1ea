#include "worker/drain.h"

#include <utility>

namespace colmeia::worker {

Drain::Drain(loop::Loop& loop, Acceptor& acceptor, Connections& connections, std::function<void()> done)
    : acceptor_(acceptor),
      connections_(connections),
      done_(std::move(done)),
      loop_(loop),
      deadline_timer_(loop, [this] { OnDeadline(); }),
      done_timer_(loop, [this] {
        // A client that the master had sent may have come since.
        if (!IsEmpty()) {
          state_ = State::kDraining;
          return;
        }
        const auto done_now = std::move(done_);
        done_now();  // may destroy *this
      }) {}

Drain::~Drain() {
  if (state_ == State::kServing) return;
  connections_.on_empty = nullptr;
  acceptor_.on_closed = nullptr;
}

void Drain::Start(std::optional<util::Duration> limit) {
  if (state_ == State::kDone) return;
  if (limit) {
    const util::TimePoint when = loop_.Now() + *limit;
    if (!deadline_ || when < *deadline_) {
      deadline_ = when;
      deadline_timer_.StartAt(when);
    }
  }
  if (state_ == State::kDraining) return;
  state_ = State::kDraining;
  connections_.on_empty = [this] { FinishIfEmpty(); };
  acceptor_.on_closed = [this] { FinishIfEmpty(); };
  connections_.Drain();  // first: who is taken from here on gets one answer
  acceptor_.Drain();
}

void Drain::OnDeadline() {
  if (state_ != State::kDraining) return;
  acceptor_.Stop();
  connections_.CloseAll();
  FinishIfEmpty();
}

// Called from the end of some connection's callback, which is no place to be destroyed in.
void Drain::FinishIfEmpty() {
  if (state_ == State::kDone || !IsEmpty()) return;
  state_ = State::kDone;
  deadline_timer_.Stop();
  done_timer_.StartAfter(util::Duration::zero());
}

}  // namespace colmeia::worker
