// What one long computation does to an event loop, and two ways out.
//
// Clients on 32 connections each send one byte and wait for one back; the handler waits 2 ms, as for a disk or a
// database, and answers. In all exhibits but the first one more client wants 20 ms of computing, ten times a second.
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <limits>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "lab/clock.h"
#include "lab/families.h"
#include "lab/stage.h"
#include "lab/stats.h"
#include "loop/loop.h"
#include "loop/poll.h"
#include "loop/timer.h"
#include "loop/work.h"
#include "sys/unique_fd.h"

namespace colmeia::lab {
namespace {

using std::chrono::milliseconds;

constexpr Column kColumns[] = {
    {"requests_per_second", "requests", Unit::kPerSecond},
    {"latency_p50", "p50", Unit::kNanoseconds},
    {"latency_p99", "p99", Unit::kNanoseconds},
    {"late", "over 10 ms, of the time", Unit::kPercent},
    {"heavy_p50", "computing p50", Unit::kNanoseconds},
};

constexpr Chart kCharts[] = {
    {"A request that only waits: p50, and on to p99", "latency_p50", "latency_p99", false,
     "Shorter is better: the bar is the same in all, for most requests meet no computation; the thin line is what "
     "those wait that do."},
    {"How much of the time a newcomer would wait more than 10 ms, in percent", "late", "", false,
     "Shorter is better: a loop that computes 20 ms of every 100 keeps whoever comes meanwhile, on the pool or in "
     "another worker nobody notices."},
};

constexpr Family kFamily{
    "loop",
    "An event loop and a long computation",
    "32 clients, each with one request at a time that waits 2 ms in the loop (a timer) and is answered. Computing is "
    "another client's request, ten times a second, that needs 20 ms of a processor: in the loop itself, on the thread "
    "pool, or in one of four workers. On one core the clients share it, too. Over 10 ms: in how much of the time a "
    "request that came would take longer; counted by requests it would look small, for a client that waits asks "
    "nothing.",
    kColumns,
    kCharts,
};

constexpr std::size_t kConnections = 32;
constexpr milliseconds kWaiting(2);
constexpr milliseconds kComputing(20);
constexpr milliseconds kComputeEvery(100);
constexpr milliseconds kLate(10);
constexpr char kWait = 'w';
constexpr char kCompute = 'c';

void Compute() {
  const auto used = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  const auto end = used() + kComputing;
  while (used() < end) {
  }
}

enum class Computing : std::uint8_t {
  kNone,    // nobody asks for it
  kInLoop,  // the handler computes
  kOnPool,  // the handler leaves it to the thread pool and is told of the end
};

// One client's connection in a worker.
class Connection {
 public:
  Connection(loop::Loop& loop, int fd, Computing computing)
      : loop_(loop), fd_(fd), computing_(computing), timer_(loop, [this] { Answer(); }), poll_(loop, fd, [this](int) {
          Read();
        }) {
    poll_.Start(loop::kReadable);
  }

 private:
  void Read() {
    char kind = 0;
    if (read(fd_, &kind, 1) != 1) return poll_.Stop();
    if (kind == kWait) return timer_.StartAfter(kWaiting);
    if (computing_ == Computing::kOnPool) {
      work_.emplace(loop_, Compute, [this] { Answer(); });
      return;
    }
    Compute();
    Answer();
  }

  void Answer() {
    const char answer = 'a';
    if (write(fd_, &answer, 1) != 1) poll_.Stop();
  }

  loop::Loop& loop_;  // outlives this
  int fd_;
  Computing computing_;
  loop::Timer timer_;
  loop::Poll poll_;
  std::optional<loop::Work> work_;
};

void RunWorker(const std::vector<int>& fds, Computing computing) {
  loop::Loop loop;
  std::vector<std::unique_ptr<Connection>> connections;
  for (const int fd : fds) connections.push_back(std::make_unique<Connection>(loop, fd, computing));
  loop.Run();  // until it is killed
}

struct Client {
  sys::UniqueFd fd;
  Clock::time_point asked;
};

void Ask(Client& client, char kind) {
  client.asked = Clock::now();
  Must(write(client.fd.get(), &kind, 1), "cannot ask a worker");
}

// All clients, in one loop of their own, until the time is over; on a machine that is too busy for that, until the
// first of those that only wait was answered.
class Clients {
 public:
  Clients(std::vector<Client> clients, bool computing)
      : clients_(std::move(clients)),
        computing_(computing),
        epoll_(Must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = i;
      Must(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, clients_[i].fd.get(), &event), "epoll_ctl");
    }
  }

  // How long it took.
  std::chrono::duration<double> Run(std::chrono::nanoseconds time) {
    for (std::size_t i = 0; i < kConnections; ++i) Ask(clients_[i], kWait);
    const auto start = Clock::now();
    auto next_compute = start;
    auto now = start;
    bool computes = false;
    for (; now - start < time || waits.empty(); now = Clock::now()) {
      if (computing_ && !computes && now >= next_compute) {
        Ask(clients_.back(), kCompute);
        computes = true;
        next_compute += kComputeEvery;
      }
      std::array<epoll_event, kConnections + 1> events;
      const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 5);
      if (count < 0 && errno != EINTR) GiveUpWithErrno("epoll_wait");
      for (int i = 0; i < count; ++i) {
        Client& client = clients_[events[static_cast<std::size_t>(i)].data.u64];
        char answer = 0;
        if (Must(read(client.fd.get(), &answer, 1), "cannot read an answer") == 0) GiveUp("a worker has ended", 0);
        const double took = Nanoseconds(Clock::now() - client.asked);
        if (computing_ && &client == &clients_.back()) {
          heavy.push_back(took);
          computes = false;
        } else {
          waits.push_back(took);
          Ask(client, kWait);
        }
      }
    }
    return now - start;
  }

  std::vector<double> waits;
  std::vector<double> heavy;

 private:
  std::vector<Client> clients_;
  bool computing_;
  sys::UniqueFd epoll_;
};

Measured Measure(const Setting& setting, Computing computing, std::size_t workers) {
  std::vector<Client> clients;
  std::vector<sys::UniqueFd> served;
  const std::size_t all = kConnections + (computing == Computing::kNone ? 0 : 1);
  std::vector<std::vector<int>> of_worker(workers);
  for (std::size_t i = 0; i < all; ++i) {
    int fds[2];
    Must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), "cannot make a pair of sockets");
    clients.push_back({sys::UniqueFd(fds[0]), {}});
    served.emplace_back(fds[1]);
    of_worker[i % workers].push_back(fds[1]);
  }
  std::vector<Child> children;
  for (const auto& fds : of_worker) children.emplace_back([&] { RunWorker(fds, computing); });

  Clients load(std::move(clients), computing != Computing::kNone);
  const auto time = load.Run(setting.Share(milliseconds(1200)));
  // One of them that took 22 ms stands for 12 ms in which whoever came had to wait for more than 10.
  double late = 0;
  for (const double ns : load.waits) late += std::max(0.0, ns - double{std::chrono::nanoseconds(kLate).count()});
  const double of_all = late / (kConnections * time.count() * 1e9);
  const Summary waits = Summarize(load.waits);
  const Summary heavy = Summarize(load.heavy);
  Measured measured;
  const auto count = static_cast<double>(load.waits.size());
  measured.values = {count / time.count(), waits.p50, waits.p99, of_all * 100,
                     heavy.samples == 0 ? std::numeric_limits<double>::quiet_NaN() : heavy.p50};
  measured.note = fmt::format("{} worker{}", workers, workers == 1 ? "" : "s");
  return measured;
}

Exhibit Of(std::string_view name, std::string_view title, std::string_view what, std::string_view used_in,
           Computing computing, std::size_t workers) {
  Exhibit exhibit;
  exhibit.name = name;
  exhibit.title = title;
  exhibit.what = what;
  exhibit.used_in = used_in;
  exhibit.family = &kFamily;
  exhibit.run = [=](const Setting& setting) { return Measure(setting, computing, workers); };
  exhibit.takes = milliseconds(1300);
  return exhibit;
}

}  // namespace

std::vector<Exhibit> EventLoopExhibits() {
  return {
      Of("loop-io", "waiting only", "one loop, and every handler only waits: hundreds at once cost little",
         "src/worker/worker.cc", Computing::kNone, 1),
      Of("loop-blocked", "computing in the loop",
         "the same loop with one handler that computes: all others stand still", "src/worker/worker.cc",
         Computing::kInLoop, 1),
      Of("loop-pool", "computing on the pool",
         "that handler leaves it to a thread (uv_queue_work), and the loop goes on", "src/loop/work.cc",
         Computing::kOnPool, 1),
      Of("loop-workers", "computing, four workers",
         "it blocks the loop of one worker; the clients of three do not notice", "src/supervisor/supervisor.cc",
         Computing::kInLoop, 4),
  };
}

}  // namespace colmeia::lab
