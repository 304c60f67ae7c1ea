// The old side with a shell as the new binary; the new side with the test as the old master.
#include "master/handover.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "resources/inherited.h"
#include "supervisor/events_of.h"
#include "sys/files.h"
#include "sys/sockets.h"
#include "sys/temp_dir.h"

namespace colmeia::master {
namespace {

class SuccessorTest : public testing::Test {
 protected:
  // Runs a shell script as the new binary.
  void Start(const std::string& script, std::vector<resources::HandedSocket> sockets = {}) {
    SuccessorOptions options;
    options.program = "/bin/sh";
    options.arguments = {"sh", "-c", script};
    options.environment = {"PATH=/usr/bin:/bin", "LISTEN_PID=1", "WATCHDOG_PID=1", "KEPT=yes"};
    options.sockets = std::move(sockets);
    auto started = Successor::Spawn(loop_, recorder_, options);
    ASSERT_TRUE(started) << started.error().message;
    successor_ = *std::move(started);
  }
  void UntilExited() {
    supervisor::TurnUntil(loop_, [&] { return recorder_.Find<supervisor::UpgradeExited>() != nullptr; });
  }

  const sys::TempDir dir_;
  loop::Loop loop_;
  supervisor::Recorder recorder_;
  std::unique_ptr<Successor> successor_;
};

TEST_F(SuccessorTest, GetsTheSocketsAndTheChannelInItsEnvironment) {
  const auto listener = sys::Listen(*sys::Address::FromIp("127.0.0.1", 0));
  ASSERT_TRUE(listener);
  const std::string out = dir_ / "out";

  Start("(env; readlink /proc/self/fd/3 /proc/self/fd/4) >" + out, {{"127.0.0.1:80", listener->get()}});
  UntilExited();

  const auto text = sys::ReadFile(out);
  ASSERT_TRUE(text);
  for (const char* const line :
       {"LISTEN_FDS=1\n", "LISTEN_FDNAMES=127.0.0.1_80\n", "COLMEIA_HANDOVER=4\n", "KEPT=yes\n"}) {
    EXPECT_THAT(*text, testing::HasSubstr(line));
  }
  EXPECT_THAT(*text, testing::Not(testing::HasSubstr("_PID=")));
  EXPECT_THAT(*text, testing::ContainsRegex("socket:.*\nsocket:"));
}

TEST_F(SuccessorTest, ItsEndWithoutAWordIsAnExitAndNothingElse) {
  Start("exit 3");
  UntilExited();

  ASSERT_EQ(recorder_.events.size(), 1u);
  EXPECT_EQ(recorder_.Find<supervisor::UpgradeExited>()->code, 3);
}

TEST_F(SuccessorTest, CanBeKilled) {
  Start("exec sleep 60");
  EXPECT_GT(successor_->pid(), 0);
  successor_->Kill(SIGTERM);
  UntilExited();
  successor_->Kill(SIGTERM);

  EXPECT_EQ(recorder_.Find<supervisor::UpgradeExited>()->signal, SIGTERM);
}

TEST_F(SuccessorTest, AFileThatCannotRunIsAnErrorAtOnce) {
  const std::string path = dir_ / "colmeia";
  std::string other_machine = *sys::ReadFile("/proc/self/exe");
  other_machine.resize(64);
  other_machine[18] = '\x7e';
  SuccessorOptions options;
  options.program = path;
  options.arguments = {"colmeia"};
  const auto message = [&](const std::string& content) {
    std::ofstream(path, std::ios::trunc) << content;
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    const auto started = Successor::Spawn(loop_, recorder_, options);
    return started ? std::string() : started.error().message;
  };

  const auto missing = Successor::Spawn(loop_, recorder_, options);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "cannot run " + path + ": No such file or directory");
  EXPECT_EQ(message(other_machine), "cannot run " + path + ": it was built for another machine");
  EXPECT_EQ(message("rm -rf"), "cannot run " + path + ": it is no program");
  EXPECT_THAT(message("#!/nonexistent"), testing::StartsWith("cannot run " + path));
}

// The frames of version 1, which stay as they are.
const std::string kReadyFrame("CLHO\1\0\2", 7);
std::string FailedFrame(const std::string& why) {
  std::string frame("CLHO\1\0\3", 7);
  frame += static_cast<char>(why.size());
  return frame + std::string(3, '\0') + why;
}

TEST_F(SuccessorTest, TellsWhatItSays) {
  // A shell cannot send datagrams, yet a write() to the socket is one.
  Start(R"(printf 'CLHO\001\000\001xxxx' >&3; printf 'CLHO\011\000\002later' >&3; exec sleep 60)");
  supervisor::TurnUntil(loop_, [&] { return recorder_.Find<supervisor::UpgradeReady>() != nullptr; });
  ASSERT_EQ(recorder_.events.size(), 1u);

  successor_->CloseChannel();
  successor_->Kill(SIGKILL);
  UntilExited();

  EXPECT_EQ(recorder_.events.size(), 2u);
}

TEST_F(SuccessorTest, TellsWhyItFailedBeforeItsExit) {
  Start(
      R"(printf 'CLHO\001\000\143unknown' >&3; printf 'garbage!' >&3; printf 'CLHO\001\000\003\004\000\000\000full' >&3; exit 1)");
  UntilExited();

  ASSERT_EQ(recorder_.events.size(), 2u);
  ASSERT_NE(std::get_if<supervisor::UpgradeFailed>(&recorder_.events[0]), nullptr);
  EXPECT_EQ(std::get<supervisor::UpgradeFailed>(recorder_.events[0]).why, "full");
}

class ReporterTest : public testing::Test {
 protected:
  void SetUp() override {
    auto pair = sys::SeqPacketPair();
    ASSERT_TRUE(pair);
    old_ = std::move(pair->first);
    reporter_ = Reporter(std::move(pair->second));
  }
  std::string Receive() const {
    char frame[1 << 15];
    const ssize_t size = recv(old_.get(), frame, sizeof(frame), MSG_DONTWAIT);
    return {frame, static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  }

  loop::Loop loop_;
  sys::UniqueFd old_;
  Reporter reporter_;
};

TEST_F(ReporterTest, SaysHelloAtOnceThenHowItWent) {
  EXPECT_THAT(Receive(), testing::StartsWith(std::string("CLHO\1\0\1", 7)));
  reporter_.Ready();
  EXPECT_EQ(Receive(), kReadyFrame);
  reporter_.Failed("no room");
  EXPECT_EQ(Receive(), FailedFrame("no room"));
  EXPECT_EQ(reporter_.old_master(), getppid());
}

TEST_F(ReporterTest, LongReasonsAreCutToWhatTheSocketTakes) {
  Receive();
  reporter_.Failed(std::string(1'000'000, 'x'));

  EXPECT_GT(Receive().size(), 10'000u);
}

TEST_F(ReporterTest, HearsThatTheOldMasterHasGoneItsWay) {
  int calls = 0;
  reporter_.Watch(loop_, [&] { ++calls; });
  loop_.Turn();
  EXPECT_EQ(calls, 0);

  old_.reset();
  supervisor::TurnUntil(loop_, [&] { return calls > 0; });
  reporter_.Ready();

  EXPECT_FALSE(loop_.Turn()) << "nothing is left to wait for";
  EXPECT_EQ(calls, 1);
}

TEST(OrdinaryStartTest, HasNobodyToReportTo) {
  loop::Loop loop;
  Reporter none;
  none.Ready();
  none.Failed("x");
  none.Watch(loop, [] {});

  EXPECT_FALSE(none);
  EXPECT_EQ(none.old_master(), 0);
  EXPECT_EQ(Reporter(sys::UniqueFd()).old_master(), 0);
}

TEST(ProgramOnDiskTest, KeepsLinksAndLooksInThePath) {
  const sys::TempDir dir;
  std::filesystem::create_symlink("/bin/sh", dir / "colmeia");

  EXPECT_EQ(ProgramOnDisk(dir / "colmeia", nullptr), dir / "colmeia");
  EXPECT_EQ(ProgramOnDisk("colmeia", ("/nonexistent:" + dir.path()).c_str()), dir / "colmeia");
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  EXPECT_EQ(ProgramOnDisk("no-such-name", "/bin"), self);
  EXPECT_EQ(ProgramOnDisk(dir / "none", "/bin"), self);
}

}  // namespace
}  // namespace colmeia::master
