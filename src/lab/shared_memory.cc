// Memory that both parties have, and four ways to wait for what the other puts there: futex between processes and
// between threads, a condition variable, and spinning.
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "lab/link.h"
#include "lab/stage.h"

namespace colmeia::lab {
namespace {

using Word = std::atomic<std::uint32_t>;
static_assert(Word::is_always_lock_free && sizeof(Word) == 4, "a futex is a plain 32-bit word");

// A ring of bytes from one producer to one consumer.
//
// 1. `produced` and `consumed` count bytes and only grow (modulo 2^32); each has one writer. Their difference is
//    what is under way, never more than kCapacity.
// 2. A record is 4 bytes of length, the message, and padding to a multiple of 8. It never wraps around the ring's end:
//    the rest there is skipped, marked by kSkip where a length would be.
// 3. A party that is about to sleep says so first and then looks again, while the other first moves its count and then
//    looks whether the first sleeps; in one total order (seq_cst) one of the two sees the other, so no wake-up is lost.
struct Ring {
  static constexpr std::uint32_t kCapacity = 64 * 1024;  // as a pipe's
  static constexpr std::uint32_t kSkip = UINT32_MAX;

  alignas(64) Word produced;
  Word consumer_sleeps;
  alignas(64) Word consumed;
  Word producer_sleeps;
  alignas(64) char bytes[kCapacity];

  // For the condition variable alone.
  alignas(64) pthread_mutex_t mutex;
  pthread_cond_t moved;
};

// How a party waits for a count to move, and how it tells that it moved one.
class FutexWait {
 public:
  explicit FutexWait(bool between_processes) : flag_(between_processes ? 0 : FUTEX_PRIVATE_FLAG) {}

  // The party that waits sleeps on its note, at which the kernel looks once more: the other may take the note away for an
  // earlier move, and would then find none at the next.
  void Await(Ring&, Word& count, std::uint32_t seen, Word& sleeps) const {
    while (count.load() == seen) {
      sleeps.store(1);
      if (count.load() == seen && syscall(SYS_futex, &sleeps, FUTEX_WAIT | flag_, 1, nullptr) != 0 && errno != EAGAIN &&
          errno != EINTR) {
        GiveUpWithErrno("cannot wait for a futex");
      }
      sleeps.store(0);
    }
  }

  void Move(Ring&, Word& count, std::uint32_t to, Word& sleeps) const {
    count.store(to);
    // The party that wakes the other takes the note away: until that one runs it would be found again with each message,
    // and a system call made in vain.
    if (sleeps.load() == 0 || sleeps.exchange(0) == 0) return;
    Must(syscall(SYS_futex, &sleeps, FUTEX_WAKE | flag_, 1), "cannot wake a futex");
  }

 private:
  int flag_;
};

class ConditionWait {
 public:
  void Await(Ring& ring, Word& count, std::uint32_t seen, Word&) const {
    pthread_mutex_lock(&ring.mutex);
    while (count.load() == seen) pthread_cond_wait(&ring.moved, &ring.mutex);
    pthread_mutex_unlock(&ring.mutex);
  }

  void Move(Ring& ring, Word& count, std::uint32_t to, Word&) const {
    pthread_mutex_lock(&ring.mutex);
    count.store(to);
    pthread_mutex_unlock(&ring.mutex);
    pthread_cond_signal(&ring.moved);  // at most one party sleeps
  }
};

// It gives the processor away now and then: on a core of its own that costs little, on a shared one the other needs it.
class SpinWait {
 public:
  void Await(Ring&, Word& count, std::uint32_t seen, Word&) const {
    for (unsigned i = 1; count.load(std::memory_order_acquire) == seen; ++i) {
      if (i % kLooks == 0) sched_yield();
    }
  }

  void Move(Ring&, Word& count, std::uint32_t to, Word&) const { count.store(to, std::memory_order_release); }

 private:
  static constexpr unsigned kLooks = 256;
};

template <class Wait>
class RingLink final : public Link {
 public:
  explicit RingLink(Wait wait) : wait_(wait), rings_(Shared<Rings>()) {
    for (Ring& ring : rings_.to) {
      pthread_mutex_init(&ring.mutex, nullptr);
      pthread_cond_init(&ring.moved, nullptr);
    }
  }

  void TakeSide(Side, pid_t) override {}

  void Send(Side side, std::span<const char> message) override {
    Ring& ring = rings_.to[1 - Index(side)];
    std::uint32_t produced = ring.produced.load(std::memory_order_relaxed);
    const auto size = static_cast<std::uint32_t>(message.size());
    const std::uint32_t left = Ring::kCapacity - produced % Ring::kCapacity;
    if (left < RecordSize(size)) {
      AwaitRoom(ring, produced, left);
      std::memcpy(&ring.bytes[produced % Ring::kCapacity], &Ring::kSkip, sizeof Ring::kSkip);
      produced += left;
    }
    AwaitRoom(ring, produced, RecordSize(size));
    char* const record = &ring.bytes[produced % Ring::kCapacity];
    std::memcpy(record, &size, sizeof size);
    std::memcpy(record + kHeader, message.data(), size);
    wait_.Move(ring, ring.produced, produced + RecordSize(size), ring.consumer_sleeps);
  }

  // The message is read where the sender put it; its room is given back with the next call.
  const char* Receive(Side side, std::size_t) override {
    Ring& ring = rings_.to[Index(side)];
    std::uint32_t consumed = ring.consumed.load(std::memory_order_relaxed);
    if (std::uint32_t& release = release_[Index(side)]; release != 0) {
      consumed += std::exchange(release, 0);
      wait_.Move(ring, ring.consumed, consumed, ring.producer_sleeps);
    }
    wait_.Await(ring, ring.produced, consumed, ring.consumer_sleeps);
    std::uint32_t skipped = 0;
    std::uint32_t size = SizeAt(ring, consumed);
    if (size == Ring::kSkip) {
      // Producers announce a skip together with the record behind it.
      skipped = Ring::kCapacity - consumed % Ring::kCapacity;
      size = SizeAt(ring, consumed + skipped);
    }
    release_[Index(side)] = skipped + RecordSize(size);
    return &ring.bytes[(consumed + skipped) % Ring::kCapacity + kHeader];
  }

  [[nodiscard]] std::size_t Capacity() const override { return 2 * Ring::kCapacity; }

 private:
  static constexpr std::uint32_t kHeader = sizeof(std::uint32_t);
  struct Rings {
    Ring to[2];  // the side that consumes
  };

  static std::uint32_t RecordSize(std::uint32_t size) { return (kHeader + size + 7) / 8 * 8; }

  static std::uint32_t SizeAt(const Ring& ring, std::uint32_t position) {
    std::uint32_t size = 0;
    std::memcpy(&size, &ring.bytes[position % Ring::kCapacity], sizeof size);
    return size;
  }

  // Until `bytes` more than those up to `produced` fit.
  void AwaitRoom(Ring& ring, std::uint32_t produced, std::uint32_t bytes) {
    for (;;) {
      const std::uint32_t consumed = ring.consumed.load();
      if (produced + bytes - consumed <= Ring::kCapacity) return;
      wait_.Await(ring, ring.consumed, consumed, ring.producer_sleeps);
    }
  }

  Wait wait_;
  Rings& rings_;  // shared memory
  std::uint32_t release_[2] = {0, 0};
};

std::unique_ptr<Link> OpenProcessFutex(const std::string&) {
  return std::make_unique<RingLink<FutexWait>>(FutexWait(true));
}
std::unique_ptr<Link> OpenThreadFutex(const std::string&) {
  return std::make_unique<RingLink<FutexWait>>(FutexWait(false));
}
std::unique_ptr<Link> OpenCondition(const std::string&) {
  return std::make_unique<RingLink<ConditionWait>>(ConditionWait());
}
std::unique_ptr<Link> OpenSpin(const std::string&) { return std::make_unique<RingLink<SpinWait>>(SpinWait()); }

constexpr Form kForms[] = {
    {"futex-processes", "shared memory, futex",
     "a ring that two processes map; futex(2) to sleep and to wake, and only then", "src/scoreboard/board.h",
     Peer::kProcess, Payload::kBytes, 1, 4, Expected::kAtMost, OpenProcessFutex},
    {"futex-threads", "threads, futex", "the same ring between two threads of one process", "", Peer::kThread,
     Payload::kBytes, 1, 4, Expected::kAtMost, OpenThreadFutex},
    {"condition", "threads, condition variable", "the same ring; pthread_cond_wait(3) under a mutex", "", Peer::kThread,
     Payload::kBytes, 1, 0, Expected::kVaries, OpenCondition},
    {"spin", "shared memory, spinning", "the same ring between processes; the waiting party looks again and again", "",
     Peer::kProcess, Payload::kBytes, 1, 0, Expected::kVaries, OpenSpin},
};

}  // namespace

std::span<const Form> SharedMemoryForms() { return kForms; }

}  // namespace colmeia::lab
