#include "master/notify.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "supervisor/events_of.h"
#include "sys/sockets.h"
#include "sys/temp_dir.h"

namespace colmeia::master {
namespace {

class NotifierTest : public testing::Test {
 protected:
  void SetUp() override {
    manager_.reset(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const auto address = sys::Address::FromUnixPath(path_);
    ASSERT_EQ(bind(manager_.get(), address->sockaddr_data(), address->sockaddr_size()), 0);
  }
  std::string Receive() const {
    char text[256];
    const ssize_t size = recv(manager_.get(), text, sizeof(text), 0);
    return {text, static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  }

  const sys::TempDir dir_;
  const std::string path_ = dir_ / "notify";
  sys::UniqueFd manager_;
  loop::Loop loop_;
};

TEST_F(NotifierTest, SaysWhatSystemdUnderstands) {
  Notifier notifier(loop_, {.socket = path_});

  notifier.Ready();
  EXPECT_EQ(Receive(), "READY=1");
  notifier.Reloading();
  EXPECT_THAT(Receive(), testing::ContainsRegex("^RELOADING=1\nMONOTONIC_USEC=[0-9]+$"));
  notifier.Stopping();
  EXPECT_EQ(Receive(), "STOPPING=1");
  notifier.MainPid(77);
  EXPECT_EQ(Receive(), "MAINPID=77");
}

TEST_F(NotifierTest, AStatusIsOneLineAndSaidOnce) {
  Notifier notifier(loop_, {.socket = path_});

  notifier.Status("4 workers serve\nand more");
  EXPECT_EQ(Receive(), "STATUS=4 workers serve");
  notifier.Status("4 workers serve");
  EXPECT_EQ(Receive(), "");
}

TEST_F(NotifierTest, SaysNothingWhileSomebodyElseSpeaksForTheService) {
  Notifier notifier(loop_, {.socket = path_, .feed = util::Milliseconds(1)});
  int asked = 0;
  notifier.Hold();

  notifier.Status("serving");
  notifier.Ready();
  notifier.FeedWatchdog([&] { return ++asked > 0; });
  loop::Timer later(loop_, [this] { loop_.Stop(); });
  later.StartAfter(util::Milliseconds(5));
  loop_.Run();
  EXPECT_EQ(Receive(), "");
  EXPECT_EQ(asked, 0);

  notifier.Release();
  EXPECT_EQ(Receive(), "STATUS=serving");
  EXPECT_EQ(Receive(), "READY=1");
  EXPECT_EQ(Receive(), "WATCHDOG=1");
}

TEST_F(NotifierTest, FeedsTheWatchdogOnlyWhileWorkersLive) {
  Notifier notifier(loop_, {.socket = path_, .feed = util::Milliseconds(2)});
  bool alive = false;
  int asked = 0;
  notifier.FeedWatchdog([&] {
    ++asked;
    return alive;
  });

  supervisor::TurnUntil(loop_, [&] { return asked >= 3; });
  EXPECT_EQ(Receive(), "");
  alive = true;
  supervisor::TurnUntil(loop_, [&] { return asked >= 5; });

  EXPECT_EQ(Receive(), "WATCHDOG=1");
}

TEST_F(NotifierTest, WaitsForAManagerThatReadsSlowlyAndKeepsTheOrder) {
  Notifier notifier(loop_, {.socket = path_});
  int sent = 0;
  while (sys::SendDatagram(path_, "x")) ++sent;

  notifier.Ready();
  notifier.Stopping();
  for (int i = 0; i < sent; ++i) EXPECT_EQ(Receive(), "x");
  std::string got;
  supervisor::TurnUntil(loop_, [&] { return !(got = Receive()).empty(); });

  EXPECT_EQ(got, "READY=1");
  EXPECT_EQ(Receive(), "STOPPING=1");
}

TEST_F(NotifierTest, WithoutAManagerItSaysNothing) {
  Notifier notifier(loop_, {});
  notifier.Ready();
  notifier.FeedWatchdog([] { return true; });

  EXPECT_FALSE(notifier.active());
  EXPECT_FALSE(loop_.Turn());
}

TEST(NotifyOptionsTest, ComeFromTheEnvironment) {
  EXPECT_EQ(NotifyOptionsFromEnvironment().socket, "");
  setenv("NOTIFY_SOCKET", "@systemd", 1);
  setenv("WATCHDOG_USEC", "3000000", 1);
  EXPECT_EQ(NotifyOptionsFromEnvironment().socket, "@systemd");
  EXPECT_EQ(NotifyOptionsFromEnvironment().feed, util::Milliseconds(1500));

  setenv("WATCHDOG_PID", "1", 1);
  EXPECT_EQ(NotifyOptionsFromEnvironment().feed, util::Milliseconds(0));
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  EXPECT_EQ(NotifyOptionsFromEnvironment().feed, util::Milliseconds(1500));
  for (const char* const name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) unsetenv(name);
}

}  // namespace
}  // namespace colmeia::master
