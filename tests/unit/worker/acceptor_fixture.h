// A worker that accepts, for the tests of all ways to do so.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

#include "ipc/plan.h"
#include "log/error_log.h"
#include "loop/timer.h"
#include "manual_clock.h"
#include "scoreboard/board.h"
#include "util/clock.h"
#include "worker/acceptor.h"
#include "worker/connections_fixture.h"
#include "worker/socket_acceptor.h"

namespace colmeia::worker {

// One worker that shares a listening socket with others, which do not exist or are played by the test.
class AcceptorFixture : public ConnectionsFixture {
 protected:
  static constexpr std::uint32_t kSlot = 1;
  static constexpr std::uint32_t kOther = 0;

  AcceptorFixture() {
    for (const std::uint32_t slot : {kOther, kSlot}) {
      board_.Occupy(slot, {.pid = 1, .generation = 1, .seat = slot});
      board_.SetState(slot, scoreboard::SlotState::kReady);
    }
    alive_.StartEvery(1h);
  }
  ~AcceptorFixture() override { acceptor_.reset(); }

  SocketAcceptor& Make(ipc::AcceptBy way, AcceptorOptions options = {}) {
    options.accept_by = way;
    options.generation = 1;
    options.slot = kSlot;
    acceptor_ = MakeAcceptor({loop, connections(), writer(), &board_, log_, Clock(), options});
    sys::UniqueFd listen_fd = TakeListenFd();
    listener_number_ = listen_fd.get();
    acceptor_->Add(0, std::move(listen_fd), site.listener());
    connections().on_room = [this] { acceptor_->OnRoom(); };
    return dynamic_cast<SocketAcceptor&>(*acceptor_);
  }

  // As somebody can who has it, too.
  void ShutDownListener() { ASSERT_EQ(shutdown(listener_number_, SHUT_RDWR), 0); }

  // Accepted and amid its request.
  std::unique_ptr<Client> ConnectBusy() {
    auto client = Connect();
    BeginRequest(*client);
    return client;
  }

  [[nodiscard]] std::function<util::TimePoint()> Clock() const {
    return [this] { return clock.Now(); };
  }

  util::ManualClock clock;
  scoreboard::Board board_ = std::move(*scoreboard::Board::Create());
  log::ErrorLog log_;
  loop::Timer alive_{loop, [] {}};  // a worker's loop always has something to wait for: its channel
  std::unique_ptr<Acceptor> acceptor_;
  int listener_number_ = -1;
};

}  // namespace colmeia::worker
