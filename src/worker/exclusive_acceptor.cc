#include "worker/exclusive_acceptor.h"

#include <utility>

#include "loop/accept_poll.h"

namespace colmeia::worker {

class ExclusiveAcceptor::ExclusiveWatch final : public Watch {
 public:
  ExclusiveWatch(const ExclusiveAcceptor& acceptor, int fd, std::function<void()> on_readable)
      : acceptor_(acceptor), poll_(acceptor.parts_.loop, fd, std::move(on_readable)) {}

  void Start() override { poll_.Start(); }
  void Stop() override { poll_.Stop(); }

  void OnAccepted() override {
    if (++since_requeue_ < kRequeueAfter && !acceptor_.IsAhead()) return;
    since_requeue_ = 0;
    poll_.Requeue();
  }

 private:
  const ExclusiveAcceptor& acceptor_;  // outlives this
  loop::AcceptPoll poll_;
  std::uint32_t since_requeue_ = 0;
};

std::unique_ptr<Watch> ExclusiveAcceptor::WatchShared(int fd, std::function<void()> on_readable) {
  return std::make_unique<ExclusiveWatch>(*this, fd, std::move(on_readable));
}

bool ExclusiveAcceptor::IsAhead() const {
  const scoreboard::Board* const board = parts_.board;
  return board != nullptr && board->LeveledAccepts(parts_.options.slot) > board->MeanAccepts(parts_.options.generation);
}

}  // namespace colmeia::worker
