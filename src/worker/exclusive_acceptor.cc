#include "worker/exclusive_acceptor.h"

#include <utility>

#include "loop/accept_poll.h"
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
    const Turn turn = acceptor_.NextTurn();
    if (turn == Turn::kRest) return acceptor_.Rest();
    if (++since_requeue_ >= kRequeueAfter || turn == Turn::kRequeue) Requeue();
  }

  void Rest() { poll_.Rest(); }
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

ExclusiveAcceptor::Turn ExclusiveAcceptor::NextTurn() {
  if (parts_.board == nullptr) return Turn::kStay;
  const scoreboard::Share all = parts_.board->ShareOf(parts_.options.generation);
  if (all.seats < 2) return Turn::kStay;
  const std::uint64_t mine = parts_.board->LeveledAccepts(parts_.options.slot);
  const std::uint64_t mean = all.accepts / all.seats;
  if (mine <= mean) return Turn::kStay;
  const bool well_ahead =
      mine > mean + kWellAhead && parts_.connections.size() > all.connections / all.seats + kWellAhead;
  if (!well_ahead) return Turn::kRequeue;
  if (std::exchange(accepts_of_others_, all.accepts - mine) != all.accepts - mine) rests_ = 0;
  return rests_ < kMostRests ? Turn::kRest : Turn::kRequeue;
}

void ExclusiveAcceptor::Rest() {
  ++rests_;
  for (ExclusiveWatch* const watch : watches_) watch->Rest();
  resting_.StartAfter(kRest);
}

void ExclusiveAcceptor::EndRest() {
  for (ExclusiveWatch* const watch : watches_) watch->Requeue();
}

}  // namespace colmeia::worker
