#include "worker/exclusive_acceptor.h"

#include <utility>

#include "loop/accept_poll.h"
#include "sys/sockets.h"
#include "worker/connections.h"

namespace colmeia::worker {

class ExclusiveAcceptor::ExclusiveWatch final : public Watch {
 public:
  ExclusiveWatch(ExclusiveAcceptor& acceptor, int fd, std::function<void()> on_readable)
      : acceptor_(acceptor), poll_(acceptor.parts_.loop, fd, std::move(on_readable)) {
    acceptor_.watches_.push_back(this);
  }
  ~ExclusiveWatch() override { std::erase(acceptor_.watches_, this); }

  void Start() override { poll_.Start(); }
  void Stop() override { poll_.Stop(); }

  void OnAccepted() override {
    acceptor_.NoteWhoStays();
    const Turn turn = acceptor_.NextTurn();
    if (turn == Turn::kRest) return acceptor_.Rest();
    if (++since_requeue_ >= kRequeueAfter || turn == Turn::kRequeue) Requeue();
  }

  void Rest() { poll_.Rest(); }
  [[nodiscard]] bool WakeOthers() const { return sys::WakeOthers(poll_.fd()); }
  void Requeue() {
    since_requeue_ = 0;
    poll_.Requeue();
  }

 private:
  ExclusiveAcceptor& acceptor_;  // outlives this
  loop::AcceptPoll poll_;
  std::uint32_t since_requeue_ = 0;
};

std::unique_ptr<Watch> ExclusiveAcceptor::WatchShared(int fd, std::function<void()> on_readable) {
  return std::make_unique<ExclusiveWatch>(*this, fd, std::move(on_readable));
}

void ExclusiveAcceptor::NoteWhoStays() {
  // The client that was just taken is no connection yet, and no other one is on its way to become one.
  const std::uint64_t gone = parts_.counts.Get(scoreboard::Total::kAccepts) - parts_.connections.size();
  stayed_ = std::exchange(gone_, gone) == gone ? stayed_ + 1 : 0;
}

ExclusiveAcceptor::Turn ExclusiveAcceptor::NextTurn() {
  if (parts_.board == nullptr) return Turn::kStay;
  const scoreboard::Share all = parts_.board->ShareOf(parts_.options.generation);
  if (all.seats < 2) return Turn::kStay;
  const std::uint64_t mine = parts_.board->LeveledAccepts(parts_.options.slot);
  if (mine <= all.MeanAccepts()) return Turn::kStay;
  const std::uint64_t open = parts_.connections.size();
  const bool has_more = mine > all.least_accepts + kWellAhead && open > all.least_connections + kWellAhead;
  const bool well_ahead = has_more && open + 1 >= kMostTimes * all.least_connections;
  if (!well_ahead || stayed_ <= kWellAhead) return Turn::kRequeue;
  if (std::exchange(least_accepts_, all.least_accepts) != all.least_accepts) rests_ = 0;
  return rests_ < kMostRests && MayRest() ? Turn::kRest : Turn::kRequeue;
}

bool ExclusiveAcceptor::MayRest() {
  const util::TimePoint now = parts_.loop.Now();
  if (now >= second_ends_) {
    second_ends_ = now + std::chrono::seconds(1);
    rests_this_second_ = 0;
  }
  return rests_this_second_ < kMostRestsASecond;
}

void ExclusiveAcceptor::Rest() {
  for (ExclusiveWatch* const watch : watches_) watch->Rest();
  static_cast<void>(WakeOthers());
  RestOn();
}

void ExclusiveAcceptor::RestOn() {
  ++rests_;
  ++rests_this_second_;
  resting_.StartAfter(kRest);
}

// Those who were woken may not have had a CPU yet.
void ExclusiveAcceptor::EndRest() {
  if (NextTurn() == Turn::kRest && WakeOthers()) return RestOn();
  for (ExclusiveWatch* const watch : watches_) watch->Requeue();
}

bool ExclusiveAcceptor::WakeOthers() const {
  bool any = false;
  for (const ExclusiveWatch* const watch : watches_) any = watch->WakeOthers() || any;
  return any;
}

}  // namespace colmeia::worker
