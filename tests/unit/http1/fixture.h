// Connections over socket pairs, on a loop that the test turns.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http1/connection.h"
#include "http1/shared.h"
#include "http1/small_site.h"
#include "loop/loop.h"
#include "loop/poll_pool.h"
#include "loop/timer.h"
#include "scoreboard/layout.h"
#include "support/cutting_layer.h"
#include "support/deadline.h"
#include "sys/sockets.h"

namespace colmeia::http1 {

using namespace std::chrono_literals;  // NOLINT: for tests

// The other end of a connection.
class Client {
 public:
  explicit Client(int fd) : fd_(fd) {}
  ~Client() { Close(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void Send(std::string_view bytes) const {
    ASSERT_EQ(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  void FinishSending() const { ::shutdown(fd_, SHUT_WR); }
  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

  // Takes what has arrived, at most `limit` bytes; returns how many.
  std::size_t Take(std::size_t limit = 1 << 20) {
    static std::array<char, 1 << 20> arrived;  // of all clients: a test asks thousands of times
    const ssize_t got = ::recv(fd_, arrived.data(), std::min(limit, arrived.size()), MSG_DONTWAIT);
    if (got > 0) received.append(arrived.data(), static_cast<std::size_t>(got));
    if (got == 0) ended = true;
    if (got < 0 && errno != EAGAIN) ended = reset = true;
    return static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  }
  [[nodiscard]] int fd() const { return fd_; }

  std::string received;
  bool ended = false;  // the server has closed, or shut down its side
  bool reset = false;

 private:
  int fd_;
};

// The layer that all connections have whose test gives them none: COLMEIA_TEST_LAYER in the environment names it, and
// without that they are plain. tests/CMakeLists.txt runs the tests above each.
inline std::unique_ptr<transport::Layer> LayerOfTheRun() {
  const char* const name = std::getenv("COLMEIA_TEST_LAYER");
  if (name == nullptr) return nullptr;
  if (std::string_view(name) == "pieces") {
    return std::make_unique<CuttingLayer>(Cuts{.read_at_most = 7, .write_at_most = 997, .again_between = true});
  }
  if (std::string_view(name) == "hoard") {
    return std::make_unique<CuttingLayer>(
        Cuts{.read_at_most = 61, .wakes_in_vain = true, .hoards = true, .sends_files = false});
  }
  ADD_FAILURE() << "COLMEIA_TEST_LAYER=" << name << " is no layer";
  return nullptr;
}

// How a connection's two ends are made.
struct Pair {
  int type = SOCK_STREAM;
  int send_buffer = 0;  // of the server's end; 0 = what the system gives
};

class ConnectionFixture : public testing::Test, public session::SessionOwner {
 protected:
  ~ConnectionFixture() override {
    while (!connections.empty()) connections.back()->Abort();
    EXPECT_EQ(Gauge(scoreboard::Gauge::kConnections), 0u);
    EXPECT_EQ(Gauge(scoreboard::Gauge::kReading), 0u);
    EXPECT_EQ(Gauge(scoreboard::Gauge::kWriting), 0u);
    EXPECT_EQ(Gauge(scoreboard::Gauge::kWaiting), 0u);
    if (shared_ != nullptr) {
      EXPECT_EQ(shared_->transactions.taken(), 0u);
    }
  }

  static std::string Get(std::string_view path, std::string_view fields = "") {
    return "GET " + std::string(path) + " HTTP/1.1\r\nHost: small\r\n" + std::string(fields) + "\r\n";
  }

  Shared& shared() {
    if (shared_ == nullptr) {
      shared_ = std::make_unique<Shared>(loop, polls, site.services, scoreboard::SlotWriter(slot), *this);
    }
    return *shared_;
  }

  // A connection, not opened yet; its client's end is Client `client`.
  Connection& Connect(int send_buffer = 0) { return Connect(shared(), site, {.send_buffer = send_buffer}); }
  // The same of any site. `lent` was made with its services; both outlive the connection.
  Connection& Connect(Shared& lent, SmallSite& of, Pair pair = {}) {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, pair.type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    if (pair.send_buffer > 0) {
      ::setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &pair.send_buffer, sizeof(pair.send_buffer));
    }
    client = std::make_unique<Client>(fds[1]);
    transport::Transport transport(sys::UniqueFd{fds[0]}, sys::Address::FromIp("192.0.2.7", 4711).value(),
                                   make_layer ? make_layer() : LayerOfTheRun());
    connections.push_back(std::make_unique<Connection>(lent, of.listener(), std::move(transport), ++number));
    return *connections.back();
  }
  Connection& Open(int send_buffer = 0) {
    Connection& connection = Connect(send_buffer);
    connection.Open();
    return connection;
  }

  // Turns the loop until `done`, or fails after some seconds.
  void Until(const std::function<bool()>& done, std::string_view what) {
    loop::Timer tick(loop, [] {});
    tick.StartEvery(5ms);
    const auto deadline = std::chrono::steady_clock::now() + kTestDeadline;
    while (!done()) {
      if (std::chrono::steady_clock::now() > deadline) {
        ADD_FAILURE() << "nothing came of it: " << what;
        return;
      }
      loop.RunOnce();
      if (client->fd() >= 0 && takes) client->Take();
    }
  }
  void UntilReceived(std::string_view end) {
    Until([&] { return client->received.ends_with(end); }, end);
  }
  void UntilEnded() {
    Until([&] { return client->ended; }, "the end of the connection");
  }
  void UntilGone() {
    Until([&] { return connections.empty(); }, "the removal of the connection");
  }
  void Turn(int times = 3) {
    for (int i = 0; i < times; ++i) loop.Turn();
  }

  std::uint64_t Gauge(scoreboard::Gauge gauge) { return scoreboard::SlotWriter(slot).Get(gauge); }
  std::uint64_t Total(scoreboard::Total total) { return scoreboard::SlotWriter(slot).Get(total); }

  // session::SessionOwner
  void Remove(session::Session& session) override {
    std::erase_if(connections, [&](const auto& one) { return one.get() == &session; });
  }
  void OnStanding(session::Session& session, session::Standing before) override {
    if (before == session::Standing::kIdle) --idle;
    if (session.standing() == session::Standing::kIdle) ++idle;
  }

  scoreboard::Slot slot{};
  loop::Loop loop;
  loop::PollPool polls{loop};
  SmallSite site;
  std::vector<std::unique_ptr<Connection>> connections;
  std::unique_ptr<Client> client;
  std::function<std::unique_ptr<transport::Layer>()> make_layer;  // of the connections to come
  bool takes = true;                                              // Until() reads what the client gets
  int idle = 0;
  std::uint64_t number = 0;

 private:
  std::unique_ptr<Shared> shared_;
};

}  // namespace colmeia::http1
