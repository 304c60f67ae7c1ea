// A worker's connections on a loop that the test turns, with clients over TCP on the loopback.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http1/small_site.h"
#include "loop/loop.h"
#include "loop/poll_pool.h"
#include "loop/timer.h"
#include "scoreboard/layout.h"
#include "support/deadline.h"
#include "sys/sockets.h"
#include "worker/connections.h"

namespace colmeia::worker {

using namespace std::chrono_literals;  // NOLINT: for tests

inline constexpr std::string_view kGetHello = "GET /hello HTTP/1.1\r\nHost: small\r\n\r\n";

class ConnectionsFixture : public testing::Test {
 protected:
  struct Client {
    explicit Client(sys::UniqueFd end) : fd(std::move(end)) {}
    void Send(std::string_view bytes) const {
      ASSERT_EQ(::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    }
    void Take() {
      char bytes[65536];
      for (;;) {
        const ssize_t got = ::recv(fd.get(), bytes, sizeof(bytes), MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN)) ended = true;
        if (got <= 0) return;
        received.append(bytes, static_cast<std::size_t>(got));
      }
    }
    sys::UniqueFd fd;
    std::string received;
    bool ended = false;
  };

  ConnectionsFixture() : listen_fd_(sys::Listen(sys::Address::FromIp("127.0.0.1", 0).value(), {}).value()) {
    address_ = sys::Address::LocalOf(listen_fd_.get()).value();
  }
  ~ConnectionsFixture() override {
    connections_.reset();
    EXPECT_EQ(writer().Get(scoreboard::Gauge::kConnections), 0u);
    EXPECT_EQ(writer().Get(scoreboard::Gauge::kWaiting), 0u);
  }

  Connections& connections(std::size_t limit = 8) {
    if (connections_ == nullptr) {
      connections_ = std::make_unique<Connections>(loop, polls, site.services, writer(), limit);
    }
    return *connections_;
  }

  // A client of the listening socket, not accepted yet.
  std::unique_ptr<Client> Connect() { return std::make_unique<Client>(sys::Connect(address_).value()); }

  // One that is accepted and given to Connections.
  std::unique_ptr<Client> Enter() {
    auto client = Connect();
    EXPECT_TRUE(connections().MakeRoom());
    sys::Accepted accepted;
    Until([&] { return (accepted = sys::Accept(listen_fd_.get())).status == sys::AcceptStatus::kAccepted; });
    connections().Add(site.listener(), std::move(accepted.fd), accepted.peer);
    return client;
  }

  template <class Done>
  void Until(Done done) {
    loop::Timer tick(loop, [] {});
    tick.StartEvery(2ms);
    const auto deadline = std::chrono::steady_clock::now() + kTestDeadline;
    while (!done()) {
      if (std::chrono::steady_clock::now() > deadline) {
        ADD_FAILURE() << "it did not come to pass";
        return;
      }
      loop.RunOnce();
    }
  }
  // Half a request, of which the worker knows: the connection is not closed to make room, as an idle one would be.
  void BeginRequest(Client& client) {
    client.Send("GET /hel");
    Until([&] { return writer().Get(scoreboard::Gauge::kReading) == 1; });
  }
  void UntilAnswered(Client& client, std::string_view end = "hello\n") {
    Until([&] {
      client.Take();
      return client.received.ends_with(end);
    });
  }
  void UntilEnded(Client& client) {
    Until([&] {
      client.Take();
      return client.ended;
    });
  }

  scoreboard::SlotWriter writer() { return scoreboard::SlotWriter(slot_); }
  sys::UniqueFd TakeListenFd() { return std::move(listen_fd_); }
  // Another socket on the same address, for when that one does not listen any more.
  sys::UniqueFd ListenAnew() { return sys::Listen(address_).value(); }
  // Unless it was taken.
  [[nodiscard]] int listen_fd() const { return listen_fd_.get(); }

  loop::Loop loop;
  loop::PollPool polls{loop};
  http1::SmallSite site;

 private:
  scoreboard::Slot slot_{};
  sys::UniqueFd listen_fd_;
  sys::Address address_;
  std::unique_ptr<Connections> connections_;
};

}  // namespace colmeia::worker
