#include "loop/process.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "loop/fixture.h"
#include "loop/signals.h"
#include "sys/descriptors.h"
#include "sys/files.h"

namespace colmeia::loop {
namespace {

using ::testing::HasSubstr;

class ProcessTest : public LoopFixture {
 protected:
  void SetUp() override {
    // As every process of ours does at its start: whatever the test itself has inherited is not handed on.
    ASSERT_TRUE(sys::CloexecFrom(3));
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    output_ = sys::UniqueFd(ends[0]);
    childs_end_ = sys::UniqueFd(ends[1]);
  }

  SpawnOptions Shell(const std::string& script) {
    SpawnOptions options;
    options.file = "/bin/sh";
    options.args = {"sh", "-c", script};
    options.fds = {SpawnOptions::kNone, childs_end_.get(), SpawnOptions::kNone};
    return options;
  }

  ExitStatus RunToEnd(const SpawnOptions& options) {
    std::optional<ExitStatus> status;
    auto process = Process::Spawn(loop, options, [&](ExitStatus ended) { status = ended; });
    EXPECT_TRUE(process) << (process ? "" : process.error().message);
    EXPECT_TRUE(process && RunUntil([&] { return status.has_value(); }));
    EXPECT_FALSE((*process)->running());
    return status.value_or(ExitStatus{-1, -1});
  }

  std::string Output() {
    childs_end_.reset();
    return sys::ReadAll(output_.get()).value_or("");
  }

  sys::UniqueFd output_;
  sys::UniqueFd childs_end_;
};

TEST_F(ProcessTest, ReportsTheExitCode) {
  const ExitStatus status = RunToEnd(Shell("exit 7"));

  EXPECT_EQ(status, (ExitStatus{7, 0}));
  EXPECT_EQ(status.Describe(), "exited with code 7");
}

TEST_F(ProcessTest, ReportsTheSignal) {
  const ExitStatus status = RunToEnd(Shell("kill -9 $$"));

  EXPECT_EQ(status.signal, SIGKILL);
  EXPECT_EQ(status.Describe(), "killed by signal 9 (SIGKILL)");
}

TEST_F(ProcessTest, MissingProgramIsAnErrorThatNamesIt) {
  SpawnOptions options = Shell("");
  options.file = "/nonexistent/program";

  auto process = Process::Spawn(loop, options, [](ExitStatus) { FAIL(); });

  ASSERT_FALSE(process);
  EXPECT_EQ(process.error().code, ENOENT);
  EXPECT_EQ(process.error().message, "cannot run /nonexistent/program: No such file or directory");
}

TEST_F(ProcessTest, ChildHasExactlyTheGivenDescriptors) {
  SpawnOptions options = Shell("");
  options.file = "/bin/ls";
  options.args = {"ls", "/proc/self/fd"};
  int extra[2];
  ASSERT_EQ(pipe2(extra, O_CLOEXEC), 0);
  const sys::UniqueFd one(extra[0]);
  const sys::UniqueFd two(extra[1]);
  options.fds.push_back(two.get());

  EXPECT_TRUE(RunToEnd(options).ok());

  EXPECT_EQ(Output(), "0\n1\n2\n3\n4\n");  // the last one is the folder that ls itself reads
}

TEST_F(ProcessTest, ChildHasExactlyTheGivenEnvironment) {
  SpawnOptions options = Shell("");
  options.file = "/usr/bin/env";
  options.args = {"env"};
  options.env = {"TZ=UTC"};

  EXPECT_TRUE(RunToEnd(options).ok());

  EXPECT_EQ(Output(), "TZ=UTC\n");
}

TEST_F(ProcessTest, ChildHasNoSignalBlockedOrIgnored) {
  Signals blocked(loop, {SIGTERM, SIGHUP, SIGUSR1}, [](const SignalInfo&) {});
  ASSERT_NE(signal(SIGPIPE, SIG_IGN), SIG_ERR);
  SpawnOptions options = Shell("");
  options.file = "/bin/cat";
  options.args = {"cat", "/proc/self/status"};

  EXPECT_TRUE(RunToEnd(options).ok());

  const std::string status = Output();
  EXPECT_THAT(status, HasSubstr("SigBlk:\t0000000000000000"));
  EXPECT_THAT(status, HasSubstr("SigIgn:\t0000000000000000"));
}

TEST_F(ProcessTest, StartsInAnotherDirectory) {
  SpawnOptions options = Shell("pwd");
  options.working_directory = "/proc";

  EXPECT_TRUE(RunToEnd(options).ok());

  EXPECT_EQ(Output(), "/proc\n");
}

TEST_F(ProcessTest, MayBeDestroyedInItsCallback) {
  std::unique_ptr<Process> process;
  bool ended = false;
  auto spawned = Process::Spawn(loop, Shell("exit 0"), [&](ExitStatus) {
    process.reset();
    ended = true;
  });
  ASSERT_TRUE(spawned);
  process = std::move(*spawned);

  EXPECT_TRUE(RunUntil([&] { return ended; }));
}

TEST_F(ProcessTest, KillsOnlyWhileItRuns) {
  std::optional<ExitStatus> status;
  auto process = Process::Spawn(loop, Shell("exec sleep 1000"), [&](ExitStatus ended) { status = ended; });
  ASSERT_TRUE(process);

  ASSERT_TRUE((*process)->Kill(SIGKILL));
  ASSERT_TRUE(RunUntil([&] { return status.has_value(); }));

  EXPECT_EQ(status->signal, SIGKILL);
  const Result<> again = (*process)->Kill(SIGKILL);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ESRCH);
}

}  // namespace
}  // namespace colmeia::loop
