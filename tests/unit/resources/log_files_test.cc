#include "resources/log_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include <gmock/gmock.h>

#include "sys/files.h"
#include "sys/temp_dir.h"

namespace colmeia::resources {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class LogFilesTest : public testing::Test {
 protected:
  std::shared_ptr<OpenLog> Open(const std::string& name) {
    auto log = files_.Open({.path = dir_ / name});
    EXPECT_TRUE(log) << log.error().message;
    return *std::move(log);
  }
  static void Write(const OpenLog& log, std::string_view text) { ASSERT_TRUE(sys::WriteAll(log.fd.get(), text)); }
  [[nodiscard]] std::string TextOf(const std::string& name) const {
    return sys::ReadFile(dir_ / name).value_or("none");
  }
  void Rename(const std::string& from, const std::string& to) {
    ASSERT_EQ(std::rename((dir_ / from).c_str(), (dir_ / to).c_str()), 0);
  }

  sys::TempDir dir_;
  LogFiles files_;
};

TEST_F(LogFilesTest, APathIsOpenOnce) {
  const auto first = Open("a.log");

  EXPECT_EQ(Open("a.log"), first);
  EXPECT_NE(Open("b.log"), first);
}

TEST_F(LogFilesTest, AFileIsClosedWhenNobodyHasItsLog) {
  auto log = Open("a.log");
  const int number = log->fd.get();
  log.reset();

  EXPECT_EQ(fcntl(number, F_GETFD), -1);
  EXPECT_EQ(files_.Reopen().files, 0u);
}

// Status flags of an open file: how it was opened, and how it is written.
int FlagsOf(const sys::UniqueFd& fd) { return fcntl(fd.get(), F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK); }

TEST_F(LogFilesTest, AWorkerCanAddLinesToAFileAndNothingElse) {
  const auto log = Open("a.log");

  const auto lent = LogFiles::ForWorker(*log);

  ASSERT_TRUE(lent);
  EXPECT_EQ(FlagsOf(*lent) & (O_ACCMODE | O_APPEND), O_WRONLY | O_APPEND);
}

TEST_F(LogFilesTest, AFileThatCameOpenForMoreIsOpenedAnewForAppending) {
  const OpenLog log{"stderr", *sys::OpenFile(dir_ / "err", O_RDWR | O_CREAT, 0644)};
  Write(log, "before\n");

  const auto lent = LogFiles::ForWorker(log);

  ASSERT_TRUE(lent);
  EXPECT_EQ(FlagsOf(*lent), O_WRONLY | O_APPEND);
  ASSERT_TRUE(sys::WriteAll(lent->get(), "after\n"));
  EXPECT_EQ(TextOf("err"), "before\nafter\n");
}

TEST_F(LogFilesTest, EachWorkerHasAPipeForItself) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const sys::UniqueFd reader(ends[0]);
  const OpenLog log{"stderr", sys::UniqueFd(ends[1])};

  const auto lent = LogFiles::ForWorker(log);

  ASSERT_TRUE(lent);
  EXPECT_EQ(FlagsOf(*lent) & O_NONBLOCK, O_NONBLOCK);
  EXPECT_EQ(FlagsOf(log.fd) & O_NONBLOCK, 0) << "its other holders wait as before";
  ASSERT_TRUE(sys::WriteAll(lent->get(), "line\n"));
  char bytes[16];
  EXPECT_EQ(read(reader.get(), bytes, sizeof bytes), 5);
}

TEST_F(LogFilesTest, AMissingFolderIsToldWithItsPlaceAndWhatToDo) {
  const auto log = files_.Open({.path = dir_ / "none/a.log", .where = "site.conf:3"});

  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, ENOENT);
  EXPECT_THAT(log.error().message, AllOf(StartsWith("site.conf:3: "), HasSubstr("/none/a.log"),
                                         HasSubstr("; make its folder: mkdir -p /"), EndsWith("/none")));
}

TEST_F(LogFilesTest, AFifoWithoutAReaderIsAnErrorAndNoWait) {
  ASSERT_EQ(mkfifo((dir_ / "fifo").c_str(), 0600), 0);

  const auto log = files_.Open({.path = dir_ / "fifo"});

  ASSERT_FALSE(log);
  EXPECT_EQ(log.error().code, ENXIO);
}

TEST_F(LogFilesTest, ReopensUnderTheSameNumber) {
  const auto log = Open("a.log");
  const int number = log->fd.get();
  Write(*log, "old\n");
  Rename("a.log", "a.log.1");

  const auto reopened = files_.Reopen();
  Write(*log, "new\n");

  EXPECT_EQ(reopened.files, 1u);
  EXPECT_THAT(reopened.failures, IsEmpty());
  EXPECT_EQ(log->fd.get(), number);
  EXPECT_EQ(TextOf("a.log.1"), "old\n");
  EXPECT_EQ(TextOf("a.log"), "new\n");
}

TEST_F(LogFilesTest, WhatCannotBeOpenedAnewKeepsItsOldFile) {
  ASSERT_EQ(mkdir((dir_ / "logs").c_str(), 0755), 0);
  const auto lost = Open("logs/a.log");
  const auto other = Open("b.log");
  Rename("logs", "moved");

  const auto reopened = files_.Reopen();
  Write(*lost, "still\n");

  EXPECT_EQ(reopened.files, 1u) << "the other one";
  EXPECT_THAT(reopened.failures, ElementsAre(HasSubstr("logs/a.log")));
  EXPECT_EQ(TextOf("moved/a.log"), "still\n");
}

TEST_F(LogFilesTest, TheLaunchersDescriptorsAreDuplicatedAndNeverOpenedAnew) {
  const auto log = files_.Open({.path = "stderr"});

  ASSERT_TRUE(log);
  EXPECT_NE((*log)->fd.get(), STDERR_FILENO);
  EXPECT_EQ(files_.Reopen().files, 0u);
}

}  // namespace
}  // namespace colmeia::resources
