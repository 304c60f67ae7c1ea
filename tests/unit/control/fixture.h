// A control server on a loop of its own, and clients that say bytes and read bytes.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/server.h"
#include "control/socket_file.h"
#include "loop/fixture.h"
#include "sys/temp_dir.h"

namespace colmeia::control {

using namespace std::chrono_literals;

// Remembers what was asked; answers at once while `echo` is set.
class RecordingHandler final : public Handler {
 public:
  void OnRequest(const Request& request) override {
    requests.push_back(request);
    if (echo) server->Reply(request.id, http::Status::kOk, "\"" + request.path + "\"");
  }
  void OnGone(RequestId id) override { gone.push_back(id); }

  Server* server = nullptr;
  bool echo = true;
  std::vector<Request> requests;
  std::vector<RequestId> gone;
};

class ServerFixture : public loop::LoopFixture {
 protected:
  void Serve(const Limits& limits = {}) {
    server = std::make_unique<Server>(loop, handler, limits);
    handler.server = server.get();
    auto file = SocketFile::Listen(path);
    ASSERT_TRUE(file) << file.error().message;
    server->Adopt(*std::move(file));
  }

  // A client, connected and non-blocking.
  [[nodiscard]] sys::UniqueFd Connected() const {
    auto fd = ConnectTo(path, 5000ms);
    EXPECT_TRUE(fd) << fd.error().message;
    if (!fd) return {};
    fcntl(fd->get(), F_SETFL, O_NONBLOCK);
    return *std::move(fd);
  }

  static void Say(const sys::UniqueFd& client, std::string_view bytes) {
    ASSERT_EQ(send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }

  // What has arrived so far; `ended` when the server closed.
  struct Heard {
    std::string bytes;
    bool ended = false;
  };
  static void Listen(const sys::UniqueFd& client, Heard& heard) {
    char bytes[4096];
    ssize_t got = 0;
    while ((got = recv(client.get(), bytes, sizeof(bytes), 0)) > 0)
      heard.bytes.append(bytes, static_cast<std::size_t>(got));
    if (got == 0 || errno == ECONNRESET) heard.ended = true;
  }

  // Everything until the server closes.
  std::string HearAll(const sys::UniqueFd& client) {
    Heard heard;
    EXPECT_TRUE(RunUntil([&] {
      Listen(client, heard);
      return heard.ended;
    })) << heard.bytes;
    return heard.bytes;
  }

  // Everything until so many bodies ending with `text` have come.
  std::string HearUntil(const sys::UniqueFd& client, std::string_view text) {
    Heard heard;
    EXPECT_TRUE(RunUntil([&] {
      Listen(client, heard);
      return heard.bytes.find(text) != std::string::npos || heard.ended;
    })) << heard.bytes;
    return heard.bytes;
  }

  sys::TempDir folder;
  std::string path = folder / "test.control";
  RecordingHandler handler;
  std::unique_ptr<Server> server;
};

}  // namespace colmeia::control
