#include "worker/mutex_acceptor.h"

#include <algorithm>
#include <utility>

#include "util/check.h"
#include "worker/connections.h"

namespace colmeia::worker {

// Between Start() and Stop() it is for the lock to say when the socket is waited for.
class MutexAcceptor::MutexWatch final : public Watch {
 public:
  MutexWatch(MutexAcceptor& acceptor, int fd, std::function<void()> on_readable)
      : acceptor_(acceptor), plain_(acceptor.parts_.loop, fd, std::move(on_readable)) {
    acceptor_.watches_.push_back(this);
  }
  ~MutexWatch() override { std::erase(acceptor_.watches_, this); }

  void Start() override { started_ = true; }
  void Stop() override {
    started_ = false;
    plain_.Stop();
  }
  void OnAccepted() override {
    acceptor_.LeaveToOthers();
    acceptor_.Unlock();
  }

  void Open() {
    if (started_) plain_.Start();
  }
  void Shut() { plain_.Stop(); }
  [[nodiscard]] bool started() const { return started_; }

 private:
  MutexAcceptor& acceptor_;  // outlives this
  PlainWatch plain_;
  bool started_ = false;
};

MutexAcceptor::MutexAcceptor(const AcceptorParts& parts)
    : SocketAcceptor(parts),
      lock_(parts.board->accept_lock()),
      retry_(parts.loop, [this] { turns_to_skip_ = 0; }),  // nobody else took the client: and it ends the sleep
      before_sleep_(parts.loop, [this] { OnTurnEnds(); }),
      after_wake_(parts.loop, [this] { Unlock(); }) {}

MutexAcceptor::~MutexAcceptor() {
  DropAll();
  Unlock();
}

std::unique_ptr<Watch> MutexAcceptor::WatchShared(int fd, std::function<void()> on_readable) {
  return std::make_unique<MutexWatch>(*this, fd, std::move(on_readable));
}

void MutexAcceptor::OnTurnEnds() {
  if (std::none_of(watches_.begin(), watches_.end(), [](const MutexWatch* watch) { return watch->started(); })) return;
  if (TryLock()) {
    for (MutexWatch* const watch : watches_) watch->Open();
    retry_.Stop();
  } else {
    for (MutexWatch* const watch : watches_) watch->Shut();
    if (!retry_.active()) retry_.StartAfter(parts_.options.mutex_delay);
  }
}

bool MutexAcceptor::TryLock() {
  if (turns_to_skip_ > 0) {
    --turns_to_skip_;
    return false;
  }
  holds_ = lock_.TryLock(parts_.options.slot);
  // A broken lock is free for whoever comes first.
  if (!holds_ && BreakIfHung()) holds_ = lock_.TryLock(parts_.options.slot);
  return holds_;
}

bool MutexAcceptor::BreakIfHung() {
  const auto holder = lock_.holder();
  if (!holder) return false;
  const auto now =
      static_cast<std::uint64_t>(std::chrono::nanoseconds(util::SystemClock().Now().time_since_epoch()).count());
  const std::uint64_t beat = parts_.board->Heartbeat(*holder);
  const auto patience =
      static_cast<std::uint64_t>(std::chrono::nanoseconds(kMissedBeats * parts_.options.beat).count());
  if (beat == 0 || now < beat + patience || !lock_.Unlock(*holder)) return false;
  parts_.log.Print(log::Level::kWarn,
                   "worker: slot {} held the lock for accepting and has been silent for {} ms, "
                   "the lock is taken from it",
                   *holder, (now - beat) / 1'000'000);
  return true;
}

void MutexAcceptor::Unlock() {
  if (std::exchange(holds_, false)) lock_.Unlock(parts_.options.slot);
}

// As in nginx: more than seven eighths full, it skips as many turns as it has connections beyond that. Those that could
// go for a newcomer are none: when all workers are full of them, nobody else would take him.
void MutexAcceptor::LeaveToOthers() {
  const std::size_t limit = parts_.connections.limit();
  const std::size_t enough = limit - limit / 8;
  const std::size_t size = parts_.connections.busy();
  turns_to_skip_ = size > enough ? size - enough : 0;
}

}  // namespace colmeia::worker
