#include "worker/mutex_acceptor.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "sys/sockets.h"
#include "util/check.h"
#include "worker/connections.h"

namespace colmeia::worker {
namespace {

std::int64_t Milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration_cast<util::Milliseconds>(time).count();
}

}  // namespace

// Between Start() and Stop() it is for the lock to say when the socket is waited for.
class MutexAcceptor::MutexWatch final : public Watch {
 public:
  MutexWatch(MutexAcceptor& acceptor, int fd, std::function<void()> on_readable)
      : acceptor_(acceptor), fd_(fd), plain_(acceptor.parts_.loop, fd, std::move(on_readable)) {
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
  [[nodiscard]] bool IsAwaited() const { return started_ && sys::ClientWaits(fd_); }

 private:
  MutexAcceptor& acceptor_;  // outlives this
  int fd_;
  PlainWatch plain_;
  bool started_ = false;
};

MutexAcceptor::MutexAcceptor(const AcceptorParts& parts)
    : SocketAcceptor(parts),
      lock_(parts.board->accept_lock()),
      retry_(parts.loop,
             [this] {  // nobody else took the client; the end of the sleep does the rest
               turns_to_skip_ = 0;
               delay_passed_ = true;
             }),
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
  if (alone() || TryLock() || MustGoAlone()) {
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
  if (!holds_ && BreakIfIdle()) holds_ = lock_.TryLock(parts_.options.slot);
  if (holds_) denied_ = 0;
  return holds_;
}

bool MutexAcceptor::BreakIfIdle() {
  const auto holder = lock_.holder();
  const bool is_nobody = holder ? parts_.board->StateOf(*holder) == scoreboard::SlotState::kEmpty : lock_.held();
  if (is_nobody) return lock_.Break();
  if (!holder) return false;
  const std::chrono::nanoseconds silence = SilenceOf(*holder);
  if (silence < kMissedBeats * parts_.options.beat || !lock_.Unlock(*holder)) return false;
  // One that was broken into may take it again at once.
  if (parts_.loop.Now() < next_word_) return true;
  next_word_ = parts_.loop.Now() + kAlone;
  parts_.log.Print(log::Level::kWarn,
                   "worker: slot {} held the lock for accepting and has been silent for {} ms, "
                   "the lock is taken from it",
                   *holder, Milliseconds(silence));
  return true;
}

// None for one that has not beaten yet, and for a stamp of the future.
std::chrono::nanoseconds MutexAcceptor::SilenceOf(std::uint32_t slot) const {
  const auto now = static_cast<std::uint64_t>(std::chrono::nanoseconds(parts_.now().time_since_epoch()).count());
  const std::uint64_t beat = parts_.board->Heartbeat(slot);
  return std::chrono::nanoseconds(beat == 0 || beat > now ? 0 : static_cast<std::int64_t>(now - beat));
}

// Only delays count: a worker that has much else to do ends many turns in one.
bool MutexAcceptor::MustGoAlone() {
  if (!std::exchange(delay_passed_, false) || turns_to_skip_ > 0) return false;
  denied_ = std::min(denied_ + 1, kPatience);
  if (denied_ < kPatience) return false;
  if (std::none_of(watches_.begin(), watches_.end(), [](const MutexWatch* watch) { return watch->IsAwaited(); })) {
    return false;
  }
  alone_until_ = parts_.loop.Now() + kAlone;
  const auto holder = lock_.holder();
  std::string by = "the lock for accepting is not to be had";
  if (holder) {
    by = fmt::format("slot {} held the lock for accepting", *holder);
    // One that beats between our attempts is not silent.
    if (const std::int64_t ms = Milliseconds(SilenceOf(*holder)); ms > 0)
      by += fmt::format(" and has been silent for {} ms", ms);
  }
  parts_.log.Print(log::Level::kWarn, "worker: clients wait, {}; the lock is left alone for {} s", by, kAlone.count());
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
