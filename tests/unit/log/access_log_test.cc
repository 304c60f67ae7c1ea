#include "log/access_log.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "log/fixture.h"
#include "sys/descriptors.h"
#include "sys/files.h"

namespace colmeia::log {
namespace {

// As the master lends it: non-blocking, for this process alone.
sys::UniqueFd Copy(const sys::UniqueFd& fd) {
  return std::move(*sys::OpenAnew(fd.get(), O_WRONLY | O_APPEND | O_NONBLOCK));
}

class AccessLogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "colmeia-test-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    dir_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  [[nodiscard]] std::string Path(const std::string& name) const { return dir_ + "/" + name; }
  [[nodiscard]] sys::UniqueFd Open(const std::string& name) const {
    auto fd = sys::OpenFile(Path(name), O_WRONLY | O_APPEND | O_CREAT);
    EXPECT_TRUE(fd);
    return std::move(*fd);
  }
  [[nodiscard]] std::string Read(const std::string& name) const { return sys::ReadFile(Path(name)).value_or("?"); }

 private:
  std::string dir_;
};

TEST_F(AccessLogTest, WritesNothingBeforeItIsFlushed) {
  AccessLog log(Open("log"));

  log.Append("one");
  log.Append("two");

  EXPECT_EQ(Read("log"), "");
  EXPECT_FALSE(log.empty());
  log.Flush();
  EXPECT_EQ(Read("log"), "one\ntwo\n");
  EXPECT_TRUE(log.empty());
}

TEST_F(AccessLogTest, WritesByItselfWhenMuchHasGathered) {
  AccessLog log(Open("log"));
  const std::string line(1000, 'x');

  for (int i = 0; i < 100; ++i) log.Append(line);

  EXPECT_GT(Read("log").size(), 0U);
  log.Flush();
  EXPECT_EQ(Read("log").size(), 100U * 1001U);
  EXPECT_EQ(log.dropped(), 0U);
}

TEST_F(AccessLogTest, ReplaceSendsTheOldLinesToTheOldFile) {
  AccessLog log(Open("old"));
  log.Append("before");

  log.Replace(Open("new"));
  log.Append("after");
  log.Flush();

  EXPECT_EQ(Read("old"), "before\n");
  EXPECT_EQ(Read("new"), "after\n");
}

TEST_F(AccessLogTest, FlushesWhenItGoes) {
  { AccessLog(Open("log")).Append("last words"); }

  EXPECT_EQ(Read("log"), "last words\n");
}

TEST_F(AccessLogTest, LinesToAPipeComeWholeAndInOrder) {
  const Pipe pipe;
  AccessLog log(Copy(pipe.in));
  std::string expected;
  for (int i = 0; i < 300; ++i) {
    const std::string line = std::to_string(i) + std::string(97, '.');
    log.Append(line);
    expected += line + '\n';
  }

  log.Flush();

  EXPECT_EQ(pipe.Read(), expected);
}

TEST_F(AccessLogTest, FullPipeNeitherBlocksNorTearsAndLossesAreCounted) {
  const Pipe pipe;
  AccessLog log(Copy(pipe.in));
  const std::string line(99, 'x');
  constexpr int kLines = 5000;

  for (int i = 0; i < kLines; ++i) {
    log.Append(line);
    log.Flush();
  }

  EXPECT_GT(log.dropped(), 0U);
  std::string text = pipe.Read();
  for (int i = 0; i < 10 && !log.empty(); ++i) {
    log.Flush();
    text += pipe.Read();
  }
  EXPECT_TRUE(log.empty());
  EXPECT_EQ(text.size() % 100, 0U);
  EXPECT_EQ(text.size() / 100 + log.dropped(), std::size_t{kLines});
}

TEST_F(AccessLogTest, OtherHoldersOfThePipeStayBlocking) {
  const Pipe pipe;
  const AccessLog log(Copy(pipe.in));

  EXPECT_EQ(fcntl(pipe.in.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(AccessLogTest, LineLongerThanThePipeTakesAtOnceArrivesInTheEnd) {
  const Pipe pipe;
  AccessLog log(Copy(pipe.in));
  const std::string line(200'000, 'x');
  log.Append(line);

  std::string text;
  for (int i = 0; i < 100 && !log.empty(); ++i) {
    log.Flush();
    text += pipe.Read();
  }

  EXPECT_EQ(text, line + '\n');
  EXPECT_EQ(log.dropped(), 0U);
}

TEST_F(AccessLogTest, PipeWithoutAReaderCostsTheLinesOnly) {
  ASSERT_NE(signal(SIGPIPE, SIG_IGN), SIG_ERR);
  Pipe pipe;
  AccessLog log(Copy(pipe.in));
  pipe.out.reset();
  log.Append("one");
  log.Append("two");

  log.Flush();

  EXPECT_EQ(log.dropped(), 2U);
  EXPECT_TRUE(log.empty());
}

TEST_F(AccessLogTest, FullDiskCostsTheLinesOnly) {
  auto full = sys::OpenFile("/dev/full", O_WRONLY | O_APPEND);
  ASSERT_TRUE(full);
  AccessLog log(std::move(*full));
  log.Append("one");

  log.Flush();

  EXPECT_EQ(log.dropped(), 1U);
}

TEST_F(AccessLogTest, SlowSocketKeepsLinesWhole) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const sys::UniqueFd reader(ends[1]);
  AccessLog log{sys::UniqueFd(ends[0])};
  constexpr int kLines = 20'000;
  const std::string line(99, 'x');
  for (int i = 0; i < kLines; ++i) log.Append(line);
  log.Flush();
  EXPECT_GT(log.dropped(), 0U);

  std::string text;
  while (true) {
    char bytes[65536];
    const ssize_t size = recv(reader.get(), bytes, sizeof(bytes), MSG_DONTWAIT);
    if (size > 0) text.append(bytes, static_cast<std::size_t>(size));
    if (size <= 0 && log.empty()) break;
    log.Flush();
  }

  EXPECT_EQ(Count(text, '\n') + static_cast<std::ptrdiff_t>(log.dropped()), kLines);
  EXPECT_EQ(text.size() % 100, 0U);
}

}  // namespace
}  // namespace colmeia::log
