#include "control/client.h"

#include <signal.h>
#include <sys/wait.h>

#include <cerrno>
#include <thread>

#include "control/fixture.h"
#include "support/deadline.h"

namespace colmeia::control {
namespace {

using testing::HasSubstr;

util::TimePoint In(util::Milliseconds time) { return util::Now() + time; }

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

TEST_F(ClientTest, ComesBackToAServerThatHasClosedItsConnection) {
  Serve();
  auto client = Client::Connect(path, In(5s));
  ASSERT_TRUE(client) << client.error().message;
  server.reset();
  Serve();

  const auto response = While([&] {
    EXPECT_EQ(client->Ask(http::Method::kGet, "/a", "", In(5s)).error().code, ECONNRESET);
    EXPECT_TRUE(client->ConnectAgain(In(5s)));
    return client->Ask(http::Method::kGet, "/b", "", In(5s));
  });

  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "\"/b\"\n");
}

// A process that listens until it is told to end.
class OtherProcess {
 public:
  explicit OtherProcess(const std::string& path) {
    EXPECT_EQ(pipe(ready_), 0);
    EXPECT_EQ(pipe(leave_), 0);
    pid_ = fork();
    EXPECT_GE(pid_, 0);
    char byte = 1;
    if (pid_ == 0) {
      auto file = SocketFile::Listen(path);
      static_cast<void>(write(ready_[1], &byte, 1) == 1 && read(leave_[0], &byte, 1) == 1);
      _exit(0);
    }
    EXPECT_EQ(read(ready_[0], &byte, 1), 1);
  }
  ~OtherProcess() {
    if (pid_ > 0) kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    for (const int fd : {ready_[0], ready_[1], leave_[0], leave_[1]}) close(fd);
  }
  OtherProcess(const OtherProcess&) = delete;
  OtherProcess& operator=(const OtherProcess&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  void End() { EXPECT_EQ(write(leave_[1], "", 1), 1); }

 private:
  pid_t pid_ = 0;
  int ready_[2];
  int leave_[2];
};

TEST_F(ClientTest, WaitsForTheEndOfTheProcess) {
  OtherProcess other(path);
  auto client = Client::Connect(path, In(5s));
  ASSERT_TRUE(client) << client.error().message;
  EXPECT_EQ(client->server_pid(), other.pid());

  EXPECT_FALSE(client->AwaitEnd(In(10ms)));
  other.End();
  EXPECT_TRUE(client->AwaitEnd(In(kTestDeadline)));
}

TEST_F(ClientTest, DoesNotTakeAnotherServerForTheOneItAsked) {
  OtherProcess other(path);
  auto client = Client::Connect(path, In(5s));
  ASSERT_TRUE(client) << client.error().message;
  other.End();
  ASSERT_TRUE(client->AwaitEnd(In(kTestDeadline)));

  EXPECT_EQ(client->ConnectAgain(In(5s)).error().code, ECONNREFUSED);
  Serve();
  EXPECT_EQ(client->ConnectAgain(In(5s)).error().code, ESTALE);
}

}  // namespace
}  // namespace colmeia::control
