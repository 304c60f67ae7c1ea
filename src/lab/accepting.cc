// Four workers and one address: five ways to settle who accepts, each in its plainest form, without an event loop.
//
// A connection costs its worker 50 us of computing and gets one byte. They come one by one, each after the last one was
// served, and then in bursts of 64.
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "lab/clock.h"
#include "lab/families.h"
#include "lab/link_io.h"
#include "lab/stage.h"
#include "lab/stats.h"
#include "sys/files.h"
#include "sys/sockets.h"
#include "sys/unique_fd.h"
#include "util/strings.h"

namespace colmeia::lab {
namespace {

constexpr Column kColumns[] = {
    {"single_p50", "one by one p50", Unit::kNanoseconds}, {"single_p99", "p99", Unit::kNanoseconds},
    {"burst_p50", "in bursts p50", Unit::kNanoseconds},   {"burst_p99", "p99", Unit::kNanoseconds},
    {"per_second", "connections", Unit::kPerSecond},      {"single_imbalance", "spread, one by one", Unit::kTimes},
    {"burst_imbalance", "spread, bursts", Unit::kTimes},  {"wasted_wakeups", "wasted wake-ups", Unit::kCount},
    {"empty_accepts", "empty accepts", Unit::kCount},
};

constexpr Chart kCharts[] = {
    {"From connect to the first byte, one by one: p50, and on to p99", "single_p50", "single_p99", false,
     "Shorter is better: 50 us of it are the work itself; the rest is who is woken, and how many of them."},
    {"The busiest worker, in bursts: 1 is fair, 4 has everything", "burst_imbalance", "", false,
     "Shorter is better: who accepts as long as there is somebody takes all, who gets connections dealt has a fair "
     "share."},
    {"Wake-ups for nothing, one by one, for each connection", "wasted_wakeups", "", false,
     "Shorter is better: only where all wait on one socket without being told apart is anybody woken for nothing."},
};

constexpr Family kFamily{
    "accept",
    "Who accepts a connection",
    "Four workers, 50 us of computing for each connection. Latency: from connect(2) to the first byte. Spread: what "
    "the busiest worker accepted, compared with a fair share. Wasted wake-ups: how often a worker was put on a "
    "processor for each connection beyond the one that took it, one by one; the kernel sends most of them back to "
    "sleep, and those that got as far as accept(2) and found nothing are the empty accepts, here of all connections.",
    kColumns,
    kCharts,
};

constexpr std::size_t kWorkers = 4;
constexpr int kBurst = 64;
constexpr auto kService = std::chrono::microseconds(50);
constexpr int kMutexDelay = 500;  // milliseconds, nginx's accept_mutex_delay

struct alignas(64) Tally {
  std::atomic<std::uint32_t> accepted;
  std::atomic<std::uint32_t> empty;
};

// What all processes of one exhibit share.
struct Hall {
  std::array<Tally, kWorkers> tallies;
  std::atomic<std::uint32_t> ready;
  std::atomic<std::uint32_t> lock;  // of the mutex: 1 while somebody has it
};

// By the worker's own processor time: by the clock on the wall the work of one that waits for a processor would do
// itself, and four workers would get more done on a core than it has time.
std::chrono::nanoseconds ProcessorTime() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

void ServeOne(sys::UniqueFd client) {
  const auto end = ProcessorTime() + kService;
  while (ProcessorTime() < end) {
  }
  const char byte = 'b';
  send(client.get(), &byte, 1, MSG_NOSIGNAL);
}

// Accepts one connection, if there is one.
sys::UniqueFd AcceptOne(int listener, Tally& tally) {
  sys::UniqueFd client(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  ++(client ? tally.accepted : tally.empty);
  return client;
}

class Waiter {
 public:
  Waiter() : epoll_(Must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {}
  void Add(int fd, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    Must(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
  }
  void Remove(int fd) { Must(epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr), "epoll_ctl"); }
  // Whether there is an event within so many milliseconds; -1 waits for it.
  bool Wait(int timeout) {
    epoll_event event{};
    const int count = epoll_wait(epoll_.get(), &event, 1, timeout);
    if (count < 0 && errno != EINTR) GiveUpWithErrno("epoll_wait");
    return count > 0;
  }

 private:
  sys::UniqueFd epoll_;
};

// Exclusive, shared and reuseport: all wait on their listener, which may be the same one.
[[noreturn]] void WaitOnListener(int listener, std::uint32_t events, Hall& hall, Tally& tally) {
  Waiter waiter;
  waiter.Add(listener, events);
  ++hall.ready;
  for (;;) {
    if (!waiter.Wait(-1)) continue;
    if (sys::UniqueFd client = AcceptOne(listener, tally)) ServeOne(std::move(client));
  }
}

// nginx's accept_mutex: only who has the lock waits on the listener; the others try for it again after their next
// event, at the latest after the delay. The lock is given back before the connection is served.
[[noreturn]] void WaitForMutex(int listener, Hall& hall, Tally& tally) {
  Waiter waiter;
  bool waits_on_listener = false;
  ++hall.ready;
  for (;;) {
    std::uint32_t free = 0;
    const bool mine = hall.lock.compare_exchange_strong(free, 1);
    if (mine && !waits_on_listener) waiter.Add(listener, EPOLLIN);
    if (!mine && waits_on_listener) waiter.Remove(listener);
    waits_on_listener = mine;
    sys::UniqueFd client;
    if (waiter.Wait(mine ? -1 : kMutexDelay)) client = AcceptOne(listener, tally);
    if (mine) hall.lock = 0;
    if (client) ServeOne(std::move(client));
  }
}

// The master of the hand-off: accepts, and sends each connection to the next worker in turn.
[[noreturn]] void HandOut(int listener, const std::vector<sys::UniqueFd>& to, Hall& hall) {
  Waiter waiter;
  waiter.Add(listener, EPOLLIN);
  ++hall.ready;
  for (std::size_t turn = 0;;) {
    if (!waiter.Wait(-1)) continue;
    const sys::UniqueFd client(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (!client) continue;
    SendDescriptor(to[turn++ % to.size()].get(), client.get());
  }
}

[[noreturn]] void TakeOver(int channel, Hall& hall, Tally& tally) {
  ++hall.ready;
  for (;;) {
    sys::UniqueFd client = ReceiveDescriptor(channel);
    ++tally.accepted;
    ServeOne(std::move(client));
  }
}

enum class Way : std::uint8_t { kExclusive, kShared, kReusePort, kMutex, kHandOff };

struct Place {
  sys::Address address;
  std::vector<sys::UniqueFd> listeners;  // one, or one for each worker
};

Place Listen(Way way) {
  sys::ListenOptions options;
  options.reuseport = way == Way::kReusePort;
  Place result;
  sys::UniqueFd first = Value(sys::Listen(Value(sys::Address::FromIp("127.0.0.1", 0)), options));
  result.address = Value(sys::Address::LocalOf(first.get()));
  result.listeners.push_back(std::move(first));
  for (std::size_t i = 1; options.reuseport && i < kWorkers; ++i) {
    result.listeners.push_back(Value(sys::Listen(result.address, options)));
  }
  return result;
}

std::vector<Child> StartWorkers(Way way, const std::vector<sys::UniqueFd>& listeners, Hall& hall) {
  std::vector<Child> children;
  std::vector<sys::UniqueFd> to_workers;
  for (std::size_t i = 0; i < kWorkers; ++i) {
    const int listener = listeners[i % listeners.size()].get();
    Tally& tally = hall.tallies[i];
    sys::UniqueFd channel;
    if (way == Way::kHandOff) {
      int ends[2];
      Must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), "cannot make a channel");
      to_workers.emplace_back(ends[0]);
      channel.reset(ends[1]);
    }
    children.emplace_back([&] {
      switch (way) {
        case Way::kExclusive:
          WaitOnListener(listener, EPOLLIN | EPOLLEXCLUSIVE, hall, tally);
        case Way::kShared:
        case Way::kReusePort:
          WaitOnListener(listener, EPOLLIN, hall, tally);
        case Way::kMutex:
          WaitForMutex(listener, hall, tally);
        case Way::kHandOff:
          TakeOver(channel.get(), hall, tally);
      }
    });
  }
  if (way == Way::kHandOff) {
    children.emplace_back([&] { HandOut(listeners.front().get(), to_workers, hall); });
  }
  return children;
}

// A connection that will be closed by a reset: thousands of sockets in TIME_WAIT would use up the ports of others.
sys::UniqueFd NewSocket(int flags) {
  sys::UniqueFd fd(Must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0), "cannot make a socket"));
  sys::SetResetOnClose(fd.get());
  return fd;
}

void ReadByte(int fd) {
  char byte = 0;
  if (Must(recv(fd, &byte, 1, 0), "cannot read from a worker") != 1) GiveUp("a worker closed without an answer", 0);
}

std::vector<double> OneByOne(const sys::Address& address, int connections) {
  std::vector<double> samples;
  for (int i = 0; i < connections; ++i) {
    const sys::UniqueFd fd = NewSocket(0);
    const auto begin = Clock::now();
    Must(connect(fd.get(), address.sockaddr_data(), address.sockaddr_size()), "cannot connect");
    ReadByte(fd.get());
    samples.push_back(Nanoseconds(Clock::now() - begin));
  }
  return samples;
}

void Burst(const sys::Address& address, std::vector<double>& samples) {
  std::vector<sys::UniqueFd> fds;
  std::vector<Clock::time_point> begins;
  std::vector<pollfd> waits;
  for (int i = 0; i < kBurst; ++i) {
    fds.push_back(NewSocket(SOCK_NONBLOCK));
    begins.push_back(Clock::now());
    if (connect(fds.back().get(), address.sockaddr_data(), address.sockaddr_size()) != 0 && errno != EINPROGRESS) {
      GiveUpWithErrno("cannot connect");
    }
    waits.push_back({fds.back().get(), POLLIN, 0});
  }
  for (int left = kBurst; left > 0;) {
    if (poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) GiveUpWithErrno("poll");
    for (std::size_t i = 0; i < waits.size(); ++i) {
      if (waits[i].fd < 0 || waits[i].revents == 0) continue;
      ReadByte(waits[i].fd);
      samples.push_back(Nanoseconds(Clock::now() - begins[i]));
      waits[i].fd = -1;
      --left;
    }
  }
}

std::vector<double> Accepted(const Hall& hall) {
  std::vector<double> counts;
  for (const Tally& tally : hall.tallies) counts.push_back(tally.accepted);
  return counts;
}

// How often the workers slept and were woken until now (voluntary context switches, proc(5)).
double Wakeups(const std::vector<Child>& workers) {
  double sum = 0;
  for (std::size_t i = 0; i < kWorkers; ++i) {
    const std::string status = Value(sys::ReadFile(fmt::format("/proc/{}/status", workers[i].pid())));
    constexpr std::string_view kName = "\nvoluntary_ctxt_switches:";
    const std::string_view line = std::string_view(status).substr(status.find(kName) + kName.size());
    sum +=
        static_cast<double>(util::ParseNumber<std::uint64_t>(util::Trim(line.substr(0, line.find('\n')))).value_or(0));
  }
  return sum;
}

std::string Shares(const std::vector<double>& counts) { return fmt::format("{}", fmt::join(counts, "/")); }

Measured Measure(const Setting& setting, Way way) {
  Hall& hall = Shared<Hall>();
  const Place place = Listen(way);
  const std::vector<Child> children = StartWorkers(way, place.listeners, hall);
  while (hall.ready < children.size()) poll(nullptr, 0, 1);

  OneByOne(place.address, 20);
  const std::vector<double> before = Accepted(hall);
  const double wakeups_before = Wakeups(children);
  const std::vector<double> singles = OneByOne(place.address, setting.Share(1000));
  const double wakeups = Wakeups(children) - wakeups_before;
  const std::vector<double> between = Accepted(hall);
  std::vector<double> bursts;
  const auto begin = Clock::now();
  for (int i = setting.Share(40); i > 0; --i) Burst(place.address, bursts);
  const double seconds = Nanoseconds(Clock::now() - begin) / 1e9;
  std::vector<double> of_bursts = Accepted(hall);
  std::vector<double> of_singles = between;
  double empty = 0;
  for (std::size_t i = 0; i < kWorkers; ++i) {
    of_bursts[i] -= between[i];
    of_singles[i] -= before[i];
    empty += hall.tallies[i].empty;
  }
  const Summary single = Summarize(singles);
  const Summary burst = Summarize(bursts);
  const auto all = static_cast<double>(singles.size() + bursts.size());
  Measured measured;
  measured.values = {single.p50,
                     single.p99,
                     burst.p50,
                     burst.p99,
                     static_cast<double>(bursts.size()) / seconds,
                     Imbalance(of_singles),
                     Imbalance(of_bursts),
                     std::max(0.0, wakeups / static_cast<double>(singles.size()) - 1),
                     empty / all};
  measured.note = fmt::format("accepts one by one {}, in bursts {}", Shares(of_singles), Shares(of_bursts));
  return measured;
}

Exhibit Of(std::string_view name, std::string_view title, std::string_view what, std::string_view used_in, Way way) {
  Exhibit exhibit;
  exhibit.name = name;
  exhibit.title = title;
  exhibit.what = what;
  exhibit.used_in = used_in;
  exhibit.family = &kFamily;
  exhibit.run = [way](const Setting& setting) { return Measure(setting, way); };
  exhibit.takes = std::chrono::milliseconds(900);
  return exhibit;
}

}  // namespace

std::vector<Exhibit> AcceptExhibits() {
  return {
      Of("accept-exclusive", "exclusive", "one listener in every epoll, with EPOLLEXCLUSIVE: one is woken, as a rule",
         "src/worker/exclusive_acceptor.cc", Way::kExclusive),
      Of("accept-shared", "shared", "one listener in every epoll: all are woken, one finds the connection",
         "src/worker/shared_acceptor.h", Way::kShared),
      Of("accept-reuseport", "reuseport", "SO_REUSEPORT: a listener each, and the kernel deals by a hash",
         "src/resources/reuseport.cc", Way::kReusePort),
      Of("accept-mutex", "mutex", "only the holder of a lock waits; the others try again after nginx's 500 ms",
         "src/worker/mutex_acceptor.cc", Way::kMutex),
      Of("accept-handoff", "handoff", "a master accepts and passes each connection to the next worker in turn",
         "src/resources/handoff.cc", Way::kHandOff),
  };
}

}  // namespace colmeia::lab
