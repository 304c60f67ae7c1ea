// A client that asks at a given pace, whether or not the server keeps up: an open loop.
//
//   bench_pace PORT PATH RATE CONNECTIONS SECONDS [PATIENCE_MS]
//
// Requests fall due at random moments (exponential gaps, fixed seed), RATE a second over all CONNECTIONS to
// 127.0.0.1:PORT. A request that is due goes out on the connection that has been idle longest, or waits for one; its
// latency counts from when it was due, so a server that pauses is charged for all who wait (a closed loop like wrk's
// would ask them later and count nothing). After PATIENCE_MS (10000) without a response the request is stuck: it
// counts, and its connection is replaced. One line of JSON at the end, times in microseconds; the first fifth of a
// second only warms up. The client spins, so give it a CPU of its own.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Nanoseconds = std::chrono::nanoseconds;

constexpr Nanoseconds kWarmUp = std::chrono::milliseconds(200);
constexpr Nanoseconds kLookForStuck = std::chrono::milliseconds(20);
constexpr int kEventsPerTurn = 256;
constexpr uint64_t kSeed = 20260101;

enum class State {
  kClosed,      // to be connected anew when a request needs it
  kConnecting,  // the request goes out as soon as it is writable
  kIdle,        // kept alive
  kAsked,       // a response is awaited
};

struct Connection {
  int fd = -1;
  State state = State::kClosed;
  Clock::time_point due;  // of the request on it
  std::string received;
  size_t expected = 0;  // bytes of the whole response; 0: its head is not complete
};

// What came of all requests that fell due after the warm-up.
struct Result {
  std::vector<uint32_t> latencies_us;
  uint64_t failed = 0;      // refused, reset, or not 200
  uint64_t stuck = 0;       // without a response for the client's patience
  uint64_t late = 0;        // were sent later than due, for want of an idle connection
  double last_loss_s = -1;  // when a request was last lost, since the beginning
};

class Pace {
 public:
  Pace(uint16_t port, const std::string& path, double rate, size_t connections, Nanoseconds patience)
      : gap_(rate / 1e9), patience_(patience), connections_(connections) {
    address_.sin_family = AF_INET;
    address_.sin_port = htons(port);
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    request_ = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < connections; ++i) free_.push_back(i);
  }

  Result Run(Nanoseconds length) {
    begun_ = Clock::now();
    Clock::time_point due = begun_;
    Clock::time_point look = begun_;
    const Clock::time_point end = begun_ + kWarmUp + length;
    const Clock::time_point latest = end + patience_ + kLookForStuck;
    std::array<epoll_event, kEventsPerTurn> events;
    for (;;) {
      const Clock::time_point now = Clock::now();
      while (due <= now && due < end) {
        waiting_.push_back(due);
        due += Nanoseconds(static_cast<int64_t>(gap_(random_)));
      }
      SendDue(now);
      if (now - look >= kLookForStuck) {
        look = now;
        GiveUpStuck(now);
      }
      if (now > latest || (due >= end && waiting_.empty() && free_.size() == connections_.size())) break;
      const int count = epoll_wait(epoll_, events.data(), kEventsPerTurn, 0);
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<size_t>(i)];
        OnEvent(event.data.u64, event.events);
      }
    }
    return std::move(result_);
  }

 private:
  void SendDue(Clock::time_point now) {
    while (!waiting_.empty() && !free_.empty()) {
      const size_t index = free_.front();
      free_.pop_front();
      Connection& connection = connections_[index];
      connection.due = waiting_.front();
      waiting_.pop_front();
      if (now - connection.due > std::chrono::milliseconds(1) && Counts(connection.due)) ++result_.late;
      if (connection.state == State::kIdle) {
        Ask(index);
      } else {
        Connect(index);
      }
    }
  }

  void Connect(size_t index) {
    Connection& connection = connections_[index];
    connection.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connection.state = State::kConnecting;
    const int done = connect(connection.fd, reinterpret_cast<const sockaddr*>(&address_), sizeof address_);
    if (done != 0 && errno != EINPROGRESS) return Lose(index, result_.failed);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLET;
    event.data.u64 = index;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event);
  }

  void Ask(size_t index) {
    Connection& connection = connections_[index];
    connection.state = State::kAsked;
    connection.expected = 0;
    connection.received.clear();
    if (send(connection.fd, request_.data(), request_.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request_.size()))
      return;
    // An idle connection that the server closed meanwhile is no loss: the request takes a new one.
    close(connection.fd);
    Connect(index);
  }

  void OnEvent(size_t index, uint32_t events) {
    Connection& connection = connections_[index];
    if (connection.state == State::kConnecting) {
      if ((events & (EPOLLERR | EPOLLHUP)) != 0) return Lose(index, result_.failed);
      if ((events & EPOLLOUT) != 0) Ask(index);
      return;
    }
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
    for (;;) {
      const ssize_t got = recv(connection.fd, buffer_.data(), buffer_.size(), 0);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return;
      if (got <= 0) return OnClosed(index);
      connection.received.append(buffer_.data(), static_cast<size_t>(got));
      if (IsWhole(connection)) return Finish(index);
    }
  }

  void OnClosed(size_t index) {
    Connection& connection = connections_[index];
    if (connection.state == State::kAsked) return Lose(index, result_.failed);
    close(connection.fd);
    connection.state = State::kClosed;  // it stands in free_ already
  }

  static bool IsWhole(Connection& connection) {
    if (connection.expected == 0) {
      const std::string_view text = connection.received;
      const size_t end = text.find("\r\n\r\n");
      if (end == std::string_view::npos) return false;
      constexpr std::string_view kLength = "\r\nContent-Length: ";
      constexpr std::string_view kLengthLower = "\r\ncontent-length: ";  // h2o's
      size_t field = text.substr(0, end).find(kLength);
      if (field == std::string_view::npos) field = text.substr(0, end).find(kLengthLower);
      const size_t body = field == std::string_view::npos
                              ? 0
                              : std::strtoul(connection.received.c_str() + field + kLength.size(), nullptr, 10);
      connection.expected = end + 4 + body;
    }
    return connection.received.size() >= connection.expected;
  }

  void Finish(size_t index) {
    Connection& connection = connections_[index];
    if (connection.received.compare(0, 12, "HTTP/1.1 200") != 0) return Lose(index, result_.failed);
    if (Counts(connection.due)) {
      const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - connection.due);
      result_.latencies_us.push_back(static_cast<uint32_t>(took.count()));
    }
    connection.state = State::kIdle;
    if (connection.received.find("\r\nConnection: close") != std::string::npos) {
      close(connection.fd);
      connection.state = State::kClosed;
    }
    free_.push_back(index);
  }

  void GiveUpStuck(Clock::time_point now) {
    for (size_t index = 0; index < connections_.size(); ++index) {
      const State state = connections_[index].state;
      if ((state == State::kAsked || state == State::kConnecting) && now - connections_[index].due > patience_)
        Lose(index, result_.stuck);
    }
  }

  void Lose(size_t index, uint64_t& count) {
    Connection& connection = connections_[index];
    if (Counts(connection.due)) {
      ++count;
      result_.last_loss_s = std::chrono::duration<double>(Clock::now() - begun_).count();
    }
    close(connection.fd);
    connection.state = State::kClosed;
    free_.push_back(index);
  }

  [[nodiscard]] bool Counts(Clock::time_point due) const { return due - begun_ >= kWarmUp; }

  std::exponential_distribution<double> gap_;  // nanoseconds
  Nanoseconds patience_;
  std::mt19937_64 random_{kSeed};
  sockaddr_in address_{};
  std::string request_;
  int epoll_ = -1;
  Clock::time_point begun_;
  std::vector<Connection> connections_;
  std::deque<size_t> free_;                // idle or closed, the one that has been so longest first
  std::deque<Clock::time_point> waiting_;  // when requests without a connection were due
  std::array<char, 64 * 1024> buffer_{};
  Result result_;
};

uint32_t Percentile(const std::vector<uint32_t>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto place = static_cast<size_t>(share * static_cast<double>(sorted.size()));
  return sorted[std::min(place, sorted.size() - 1)];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 6) {
    std::fputs("usage: bench_pace PORT PATH RATE CONNECTIONS SECONDS [PATIENCE_MS]\n", stderr);
    return 2;
  }
  const std::chrono::milliseconds patience(argc > 6 ? std::atol(argv[6]) : 10000);
  const std::chrono::duration<double> length(std::atof(argv[5]));
  Pace pace(static_cast<uint16_t>(std::atoi(argv[1])), argv[2], std::atof(argv[3]), std::strtoul(argv[4], nullptr, 10),
            patience);
  Result result = pace.Run(std::chrono::duration_cast<Nanoseconds>(length));
  std::vector<uint32_t>& latencies = result.latencies_us;
  std::sort(latencies.begin(), latencies.end());
  std::printf(
      "{\"requests\": %zu, \"failed\": %llu, \"stuck\": %llu, \"late\": %llu, \"last_loss\": %.3f, \"p50\": %u, "
      "\"p90\": %u, \"p99\": %u, \"p999\": %u, \"max\": %u}\n",
      latencies.size(), static_cast<unsigned long long>(result.failed), static_cast<unsigned long long>(result.stuck),
      static_cast<unsigned long long>(result.late), result.last_loss_s, Percentile(latencies, 0.5),
      Percentile(latencies, 0.9), Percentile(latencies, 0.99), Percentile(latencies, 0.999),
      latencies.empty() ? 0 : latencies.back());
  return 0;
}
