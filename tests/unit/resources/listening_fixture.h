// Plans over free loopback ports, and connections to them.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "gmock/gmock.h"
#include "ipc/plan.h"
#include "resources/resources.h"
#include "sys/accept_soon.h"
#include "sys/sockets.h"
#include "sys/temp_dir.h"

namespace colmeia::resources {

class ListeningTest : public testing::Test {
 protected:
  // An address that nobody else takes: what runs at the same time is elsewhere in the loopback network, 127.0.0.0/8.
  static sys::Address FreeAddress() {
    static std::uint16_t last_port = 7000;
    const auto pid = static_cast<std::uint32_t>(getpid());
    const std::string ip = fmt::format("127.{}.{}.{}", 1 + (pid >> 16) % 250, pid >> 8 & 255, pid & 255);
    return *sys::Address::FromIp(ip, ++last_port);
  }

  std::shared_ptr<const ipc::Plan> PlanOf(std::uint32_t workers, const std::vector<sys::Address>& addresses,
                                          bool reuseport) const {
    auto plan = std::make_shared<ipc::Plan>();
    plan->workers = workers;
    plan->pid_path = dir_ / "test.pid";
    plan->daemon = false;
    for (const sys::Address& address : addresses) {
      ipc::PlannedListener listener;
      listener.name = address.ToString();
      listener.address = std::string(address.bytes());
      listener.reuseport = reuseport;
      listener.where = "test.conf:1";
      plan->listeners.push_back(std::move(listener));
    }
    return plan;
  }

  // Opens and promotes, as after a start or a reload.
  void Serve(Resources& resources, std::uint32_t generation, std::shared_ptr<const ipc::Plan> plan) {
    const std::uint32_t seats = plan->workers;
    auto opened = resources.Open(generation, std::move(plan));
    ASSERT_TRUE(opened) << opened.error().message;
    resources.Promote(generation);
    resources.Reseat(generation, seats, seats, {});
  }

  static const OpenListener& First(const Resources& resources, std::uint32_t generation) {
    return *resources.Find(generation)->listeners.front();
  }

  // How many of so many connections came to each socket.
  static std::vector<int> Spread(const OpenListener& listener, int clients) {
    std::vector<int> counts(listener.sockets().size());
    std::vector<int> numbers;
    for (const sys::UniqueFd& socket : listener.sockets()) numbers.push_back(socket.get());
    for (int i = 0; i < clients; ++i) {
      const auto client = sys::Connect(listener.address());
      EXPECT_TRUE(client);
      sys::UntilSomebodyIsThere(numbers);
      for (std::size_t at = 0; at < counts.size(); ++at) {
        if (sys::Accept(listener.sockets()[at].get()).status == sys::AcceptStatus::kAccepted) ++counts[at];
      }
    }
    return counts;
  }

  const sys::TempDir dir_;
  const sys::Address address_ = FreeAddress();
};

}  // namespace colmeia::resources
