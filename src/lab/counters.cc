// What only says that something happened: eventfd and semaphores. And POSIX message queues, which have a rank.
#include <fcntl.h>
#include <mqueue.h>
#include <semaphore.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include <fmt/format.h>

#include "lab/link_io.h"
#include "lab/stage.h"

namespace colmeia::lab {
namespace {

constexpr char kNothing[64] = {};

class EventLink final : public Link {
 public:
  EventLink() {
    for (auto& fd : to_) fd.reset(Must(eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE), "cannot make an eventfd"));
  }

  void TakeSide(Side, pid_t) override {}

  void Send(Side side, std::span<const char>) override {
    const std::uint64_t one = 1;
    WriteWhole(to_[1 - Index(side)].get(), {reinterpret_cast<const char*>(&one), sizeof one});
  }

  const char* Receive(Side side, std::size_t) override {
    std::uint64_t count = 0;
    ReadWhole(to_[Index(side)].get(), {reinterpret_cast<char*>(&count), sizeof count});
    return kNothing;
  }

  [[nodiscard]] std::size_t Capacity() const override { return 2 * sizeof(std::uint64_t); }

 private:
  sys::UniqueFd to_[2];
};

class SemaphoreLink final : public Link {
 public:
  SemaphoreLink() : to_(Shared<Pair>()) {
    for (sem_t& semaphore : to_.semaphores) Must(sem_init(&semaphore, 1, 0), "cannot make a semaphore");
  }

  void TakeSide(Side, pid_t) override {}

  void Send(Side side, std::span<const char>) override {
    Must(sem_post(&to_.semaphores[1 - Index(side)]), "cannot post a semaphore");
  }

  const char* Receive(Side side, std::size_t) override {
    while (sem_wait(&to_.semaphores[Index(side)]) != 0) {
      if (errno != EINTR) GiveUpWithErrno("cannot wait for a semaphore");
    }
    return kNothing;
  }

  [[nodiscard]] std::size_t Capacity() const override { return sizeof to_; }

 private:
  struct Pair {
    sem_t semaphores[2];
  };
  Pair& to_;  // shared memory
};

class QueueLink final : public Link {
 public:
  static constexpr long kMessages = 10;  // both are what an ordinary user may have
  static constexpr long kMessageSize = 8192;

  QueueLink() {
    for (std::size_t side = 0; side < 2; ++side) {
      const std::string name = fmt::format("/colmeia-lab-{}-{}", getpid(), side);
      mq_attr attributes{};
      attributes.mq_maxmsg = kMessages;
      attributes.mq_msgsize = kMessageSize;
      // On Linux a queue's descriptor is a file descriptor.
      to_[side].reset(Must(mq_open(name.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600, &attributes),
                           "cannot make a message queue"));
      mq_unlink(name.c_str());
      buffers_[side].resize(kMessageSize);
    }
  }

  void TakeSide(Side, pid_t) override {}

  void Send(Side side, std::span<const char> message) override {
    Must(mq_send(to_[1 - Index(side)].get(), message.data(), message.size(), 0), "cannot send into a message queue");
  }

  const char* Receive(Side side, std::size_t) override {
    std::vector<char>& buffer = buffers_[Index(side)];
    Must(mq_receive(to_[Index(side)].get(), buffer.data(), buffer.size(), nullptr),
         "cannot receive from a message queue");
    return buffer.data();
  }

  [[nodiscard]] std::size_t Capacity() const override { return 2 * kMessages * kMessageSize; }

 private:
  sys::UniqueFd to_[2];
  std::vector<char> buffers_[2];
};

template <class Kind>
std::unique_ptr<Link> Open(const std::string&) {
  return std::make_unique<Kind>();
}

constexpr Form kForms[] = {
    {"eventfd", "eventfd", "eventfd(2): a counter that an event loop can wait for beside its sockets",
     "src/loop/work.h", Peer::kProcess, Payload::kToken, 0, 4, Expected::kExactly, Open<EventLink>},
    {"semaphore", "semaphore",
     "sem_post(3), sem_wait(3) in shared memory: a counter that only calls the kernel to sleep", "", Peer::kProcess,
     Payload::kToken, 0, 4, Expected::kAtMost, Open<SemaphoreLink>},
    {"message-queue", "message queue",
     "mq_send(3), mq_receive(3): whole messages with a rank, ten under way, found by a name", "", Peer::kProcess,
     Payload::kBytes, 2, 4, Expected::kExactly, Open<QueueLink>, QueueLink::kMessageSize},
};

}  // namespace

std::span<const Form> CounterForms() { return kForms; }

}  // namespace colmeia::lab
