#include "log/error_log.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "log/fixture.h"

namespace colmeia::log {
namespace {

using ::testing::EndsWith;
using ::testing::MatchesRegex;

class ErrorLogTest : public ::testing::Test {
 protected:
  [[nodiscard]] ErrorLog::Target To(const sys::UniqueFd& fd, Level level) const { return {fd.get(), level}; }

  Pipe pipe;
  ErrorLog log;
};

TEST_F(ErrorLogTest, WritesNginxsLineFormat) {
  log.SetTargets({To(pipe.in, Level::kInfo)});

  log.Write(Level::kNotice, "hello");
  log.Write(Level::kInfo, "closed", 7);

  const std::string pid = std::to_string(getpid());
  EXPECT_THAT(pipe.Read(),
              MatchesRegex("[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} \\[notice\\] " + pid + "#" + pid +
                           ": hello\n[^\n]* \\[info\\] " + pid + "#" + pid + ": \\*7 closed\n"));
}

TEST_F(ErrorLogTest, EachTargetHasItsOwnLevel) {
  Pipe grave;
  log.SetTargets({To(pipe.in, Level::kDebug), To(grave.in, Level::kError)});

  log.Write(Level::kWarn, "warn");
  log.Write(Level::kCrit, "crit");

  EXPECT_EQ(Count(pipe.Read(), '\n'), 2);
  EXPECT_THAT(grave.Read(), EndsWith(": crit\n"));
}

TEST_F(ErrorLogTest, FormatsOnlyWhatSomebodyWants) {
  log.SetTargets({To(pipe.in, Level::kNotice)});

  log.Print(Level::kInfo, "{}", 1);
  log.PrintFor(9, Level::kError, "a={} b={}", 1, "two");

  EXPECT_FALSE(log.Enabled(Level::kInfo));
  EXPECT_THAT(pipe.Read(), EndsWith(": *9 a=1 b=two\n"));
}

TEST_F(ErrorLogTest, WithoutTargetsNothingIsEnabled) {
  EXPECT_FALSE(log.Enabled(Level::kEmerg));
  log.Write(Level::kEmerg, "nobody hears");
}

TEST_F(ErrorLogTest, LongLinesAreCutAndStayOneLine) {
  log.SetTargets({To(pipe.in, Level::kNotice)});

  log.Write(Level::kError, std::string(10'000, 'x'));

  const std::string line = pipe.Read();
  EXPECT_EQ(line.size(), ErrorLog::kMaxLine);
  EXPECT_THAT(line, EndsWith("xxx\n"));
}

TEST_F(ErrorLogTest, ShowsControlCharactersInsteadOfObeyingThem) {
  log.SetTargets({To(pipe.in, Level::kNotice)});

  log.Write(Level::kError, std::string_view("a\x1b[2J\r\0\x7f\tb\xc3\xa3\n\n", 14));

  EXPECT_THAT(pipe.Read(), EndsWith(": a\\x1B[2J\\x0D\\x00\\x7F\tb\xc3\xa3\n"));
}

TEST_F(ErrorLogTest, ShowsControlCharactersInEachPartOfAMessage) {
  log.SetTargets({To(pipe.in, Level::kNotice)});

  log.Write(Level::kError, {"one", "t\x1bo", "", "\x7f"});
  EXPECT_THAT(pipe.Read(), EndsWith(": onet\\x1Bo\\x7F\n"));

  log.Write(Level::kError, {std::string(10'000, 'x'), "\x1b"});
  EXPECT_EQ(pipe.Read().size(), ErrorLog::kMaxLine);
}

TEST_F(ErrorLogTest, AMessageIsOneLine) {
  log.SetTargets({To(pipe.in, Level::kNotice)});

  log.Write(Level::kError, {"open() \"/a\n2026/01/01 forged\n", "\" failed\n\n"});

  EXPECT_THAT(pipe.Read(), EndsWith(": open() \"/a\\x0A2026/01/01 forged\\x0A\" failed\n"));
}

TEST_F(ErrorLogTest, FullPipeIsNotWaitedFor) {
  log.SetTargets({To(pipe.in, Level::kNotice)});
  pipe.Fill();

  log.Write(Level::kError, "lost");  // would hang here

  pipe.Read();
  log.Write(Level::kError, "heard");
  EXPECT_THAT(pipe.Read(), EndsWith(": heard\n"));
}

TEST_F(ErrorLogTest, LeavesErrnoAlone) {
  log.SetTargets({{-1, Level::kNotice}});
  errno = ENOENT;

  log.Write(Level::kError, "to nowhere");

  EXPECT_EQ(errno, ENOENT);
}

TEST_F(ErrorLogTest, FollowsARedirectedDescriptor) {
  Pipe other;
  log.SetTargets({To(pipe.in, Level::kNotice)});
  ASSERT_TRUE(sys::Redirect(other.in, pipe.in.get()));

  log.Write(Level::kError, "moved");

  EXPECT_THAT(other.Read(), EndsWith(": moved\n"));
}

TEST_F(ErrorLogTest, WritesToSocketsToo) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const sys::UniqueFd near(ends[0]);
  const sys::UniqueFd far(ends[1]);
  log.SetTargets({To(near, Level::kNotice)});

  log.Write(Level::kError, "over a socket");

  char bytes[256];
  const ssize_t size = read(far.get(), bytes, sizeof(bytes));
  ASSERT_GT(size, 0);
  EXPECT_THAT(std::string(bytes, static_cast<std::size_t>(size)), EndsWith(": over a socket\n"));
}

// Lines wait for Flush() during each of these.
class CollectedErrorLogTest : public ErrorLogTest {
 protected:
  CollectedErrorLogTest() {
    log.SetTargets({To(pipe.in, Level::kInfo)});
    CollectErrorLines(true);
  }
  ~CollectedErrorLogTest() override { CollectErrorLines(false); }
};

TEST_F(CollectedErrorLogTest, LinesLeaveTogetherAndInTheirOrder) {
  ErrorLog other({To(pipe.in, Level::kInfo)});
  log.Write(Level::kError, "one");
  other.Write(Level::kInfo, "two");
  EXPECT_EQ(pipe.Read(), "");

  FlushErrorLines();

  const std::string self = std::to_string(getpid()) + "#" + std::to_string(gettid());
  EXPECT_THAT(pipe.Read(), MatchesRegex("[^\n]*\\[error\\] " + self + ": one\n[^\n]*\\[info\\] " + self + ": two\n"));
}

TEST_F(CollectedErrorLogTest, AGraveLineDoesNotWaitAndTakesThoseBeforeItAlong) {
  log.Write(Level::kError, "one");
  log.Write(Level::kCrit, "two");

  EXPECT_THAT(pipe.Read(), MatchesRegex("[^\n]*: one\n[^\n]*: two\n"));
}

TEST_F(CollectedErrorLogTest, EachDescriptorHasItsOwnLines) {
  Pipe second;
  ErrorLog other({To(second.in, Level::kInfo)});
  log.Write(Level::kError, "one");
  other.Write(Level::kError, "two");

  FlushErrorLines();

  EXPECT_THAT(pipe.Read(), EndsWith(": one\n"));
  EXPECT_THAT(second.Read(), EndsWith(": two\n"));
}

TEST_F(CollectedErrorLogTest, MoreDescriptorsThanBlocksLoseNothing) {
  std::vector<Pipe> pipes(12);
  for (Pipe& one : pipes) ErrorLog({To(one.in, Level::kInfo)}).Write(Level::kError, "heard");

  FlushErrorLines();

  for (Pipe& one : pipes) EXPECT_THAT(one.Read(), EndsWith(": heard\n"));
}

TEST_F(CollectedErrorLogTest, MoreThanABlockOfLinesIsWrittenWithoutBeingAsked) {
  const std::string path = ::testing::TempDir() + "/collected-" + std::to_string(getpid());
  const sys::UniqueFd file(open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  unlink(path.c_str());
  log.SetTargets({To(file, Level::kInfo)});
  for (int i = 0; i < 100; ++i) log.Write(Level::kError, std::string(1000, 'x'));

  FlushErrorLines();

  std::string bytes(200'000, '\0');
  const ssize_t size = pread(file.get(), bytes.data(), bytes.size(), 0);
  EXPECT_EQ(Count({bytes.data(), static_cast<std::size_t>(size)}, '\n'), 100);
}

TEST_F(CollectedErrorLogTest, TheEndOfCollectingWritesTheRest) {
  log.Write(Level::kError, "one");
  CollectErrorLines(false);
  EXPECT_THAT(pipe.Read(), EndsWith(": one\n"));
  log.Write(Level::kError, "two");
  EXPECT_THAT(pipe.Read(), EndsWith(": two\n"));
}

TEST(MainTest, StartsAsDescriptorTwoAtNotice) {
  ASSERT_EQ(Main().targets().size(), 1U);
  EXPECT_EQ(Main().targets()[0].fd, STDERR_FILENO);
  EXPECT_EQ(Main().targets()[0].level, Level::kNotice);
  EXPECT_EQ(&Main(), &Main());
}

}  // namespace
}  // namespace colmeia::log
