#include "control/client.h"

#include <sys/wait.h>

#include <cerrno>
#include <thread>

#include "control/fixture.h"

namespace colmeia::control {
namespace {

using testing::HasSubstr;

util::TimePoint In(util::Milliseconds time) { return util::SystemClock().Now() + time; }

// The client blocks, so the server's loop turns in this thread and the client asks in another.
class ClientTest : public ServerFixture {
 protected:
  template <class Ask>
  auto While(Ask ask) -> decltype(ask()) {
    std::optional<decltype(ask())> result;
    std::atomic<bool> done = false;
    std::thread thread([&] {
      result.emplace(ask());
      done = true;
    });
    EXPECT_TRUE(RunUntil([&] { return done.load(); }));
    thread.join();
    return *std::move(result);
  }
};

TEST_F(ClientTest, AsksAndHears) {
  Serve();

  const auto response = While([&] {
    auto client = Client::Connect(path, In(5s));
    EXPECT_EQ(client->server_pid(), getpid());
    return client->Ask(http::Method::kPost, "/workers", R"({"count":4})", In(5s));
  });

  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "\"/workers\"\n");
  EXPECT_EQ(handler.requests.at(0).body, R"({"count":4})");
}

TEST_F(ClientTest, AsksAgainOnTheSameConnection) {
  Serve();

  const auto response = While([&] {
    auto client = Client::Connect(path, In(5s));
    static_cast<void>(client->Ask(http::Method::kGet, "/a", "", In(5s)));
    return client->Ask(http::Method::kGet, "/b", "", In(5s));
  });

  EXPECT_EQ(response->body, "\"/b\"\n");
}

TEST_F(ClientTest, SaysThatNobodyListens) {
  EXPECT_EQ(Client::Connect(path, In(1s)).error().code, ENOENT);
  { auto crashed = SocketFile::Listen(path); }
  EXPECT_EQ(Client::Connect(path, In(1s)).error().code, ECONNREFUSED);
}

TEST_F(ClientTest, GivesUpAtItsDeadline) {
  Serve();  // and does not turn: a master that hangs
  auto client = Client::Connect(path, In(5s));
  ASSERT_TRUE(client) << client.error().message;

  const auto response = client->Ask(http::Method::kGet, "/health", "", In(20ms));

  EXPECT_EQ(response.error().code, ETIMEDOUT);
}

TEST_F(ClientTest, NoticesAServerThatLeavesWithoutAnAnswer) {
  Serve();
  auto client = Client::Connect(path, In(5s));
  server.reset();

  const auto response = client->Ask(http::Method::kGet, "/health", "", In(5s));

  EXPECT_EQ(response.error().code, ECONNRESET);
}

TEST_F(ClientTest, SaysWhenSomethingElseAnswers) {
  auto file = SocketFile::Listen(path);
  auto client = Client::Connect(path, In(5s));
  const int other = accept(file->fd(), nullptr, nullptr);
  ASSERT_GE(other, 0);
  ASSERT_EQ(send(other, "220 mail.example.org\r\n\r\n", 24, 0), 24);

  const auto response = client->Ask(http::Method::kGet, "/health", "", In(5s));

  EXPECT_EQ(response.error().code, EPROTO);
  EXPECT_THAT(response.error().message, HasSubstr(path));
  close(other);
}

TEST_F(ClientTest, WaitsForTheEndOfTheProcess) {
  int ready[2];
  int leave[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(leave), 0);
  const pid_t child = fork();
  if (child == 0) {
    auto file = SocketFile::Listen(path);
    char byte = 1;
    static_cast<void>(write(ready[1], &byte, 1) == 1 && read(leave[0], &byte, 1) == 1);
    _exit(0);
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  auto client = Client::Connect(path, In(5s));
  ASSERT_TRUE(client) << client.error().message;
  EXPECT_EQ(client->server_pid(), child);

  EXPECT_FALSE(client->AwaitEnd(In(10ms)));
  ASSERT_EQ(write(leave[1], &byte, 1), 1);
  EXPECT_TRUE(client->AwaitEnd(In(20s)));

  waitpid(child, nullptr, 0);
  for (const int fd : {ready[0], ready[1], leave[0], leave[1]}) close(fd);
}

}  // namespace
}  // namespace colmeia::control
