#include "sys/pid_file.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <string>

#include "gtest/gtest.h"
#include "sys/files.h"
#include "sys/temp_dir.h"

namespace colmeia::sys {
namespace {

class PidFileTest : public ::testing::Test {
 protected:
  [[nodiscard]] bool Exists(const std::string& name) const { return access(name.c_str(), F_OK) == 0; }

  TempDir dir;
  std::string path = dir / "colmeia.pid";
};

TEST_F(PidFileTest, IsCompleteOnSuccess) {
  const Result<PidFile> file = PidFile::Create(path, 1234);

  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(ReadFile(path).value(), "1234\n");
  EXPECT_EQ(PidFile::RunningPid(path).value(), 1234);
}

TEST_F(PidFileTest, SecondOneIsToldWhoRuns) {
  const Result<PidFile> first = PidFile::Create(path, 1234);
  ASSERT_TRUE(first);

  const Result<PidFile> second = PidFile::Create(path, 5678);

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), (Error{"already running, pid 1234 (" + path + ")", EWOULDBLOCK}));
  EXPECT_EQ(ReadFile(path).value(), "1234\n");
}

TEST_F(PidFileTest, TakesOverTheFileOfADeadProcess) {
  { ASSERT_TRUE(PidFile::Create(path, 123456)); }
  const Result<pid_t> dead = PidFile::RunningPid(path);
  ASSERT_FALSE(dead);
  // That nobody runs is for the caller to say.
  EXPECT_EQ(dead.error(), (Error{"no process holds the lock of " + path, ESRCH}));

  const Result<PidFile> file = PidFile::Create(path, 42);

  ASSERT_TRUE(file);
  EXPECT_EQ(ReadFile(path).value(), "42\n");
}

TEST_F(PidFileTest, IsNeverWrittenThroughALink) {
  std::ofstream(dir / "victim") << "precious";
  ASSERT_EQ(symlink((dir / "victim").c_str(), path.c_str()), 0);

  const Result<PidFile> file = PidFile::Create(path, 1234);

  ASSERT_FALSE(file);
  EXPECT_NE(file.error().message.find("symbolic link"), std::string::npos);
  EXPECT_EQ(ReadFile(dir / "victim").value(), "precious");
  const Result<pid_t> pid = PidFile::RunningPid(path);
  ASSERT_FALSE(pid);
  EXPECT_EQ(pid.error(), (Error{"cannot open " + path +
                                    ": it is a symbolic link, and none is followed here; remove it, or name the file "
                                    "that it leads to in the \"pid\" directive",
                                ELOOP}));
}

TEST_F(PidFileTest, SaysWhatStandsInItsPlace) {
  ASSERT_EQ(mkdir(path.c_str(), 0755), 0);

  const Result<pid_t> pid = PidFile::RunningPid(path);

  ASSERT_FALSE(pid);
  EXPECT_EQ(pid.error(), (Error{path + " is no pid file: a folder stands there", EEXIST}));
}

TEST_F(PidFileTest, SaysThatALockedFileIsEmpty) {
  const Result<PidFile> file = PidFile::Create(path, 1234);
  ASSERT_TRUE(file);
  ASSERT_EQ(truncate(path.c_str(), 0), 0);

  const Result<pid_t> pid = PidFile::RunningPid(path);

  ASSERT_FALSE(pid);
  EXPECT_EQ(pid.error(), (Error{"no process id in " + path + ", which a process has locked", EBUSY}));
}

TEST_F(PidFileTest, IsNeverWrittenIntoASecondNameWhereOthersMayWrite) {
  std::ofstream(dir / "victim") << "precious";
  ASSERT_EQ(mkdir((dir / "logs").c_str(), 0755), 0);
  ASSERT_EQ(chmod((dir / "logs").c_str(), 01777), 0);
  ASSERT_EQ(link((dir / "victim").c_str(), (dir / "logs/x.pid").c_str()), 0);

  EXPECT_FALSE(PidFile::Create(dir / "logs/x.pid", 1234));
  EXPECT_EQ(ReadFile(dir / "victim").value(), "precious");
}

TEST_F(PidFileTest, NamesWhatStandsInItsPlaceAndWaitsForNobody) {
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);

  const Result<PidFile> file = PidFile::Create(path, 1234);

  ASSERT_FALSE(file);
  EXPECT_NE(file.error().message.find("a FIFO stands there"), std::string::npos);
  EXPECT_FALSE(PidFile::RunningPid(path));
}

TEST_F(PidFileTest, RootReplacesAFileOfAnother) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  std::ofstream(path) << "1\n";
  ASSERT_EQ(chown(path.c_str(), 65534, 65534), 0);

  const Result<PidFile> file = PidFile::Create(path, 1234);

  ASSERT_TRUE(file) << file.error().message;
  struct stat info {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, 0U);
  EXPECT_EQ(ReadFile(path).value(), "1234\n");
}

TEST_F(PidFileTest, AnothersFileDoesNotNameProcessesOfAThird) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  const Result<PidFile> file = PidFile::Create(path, getpid());
  ASSERT_TRUE(file);
  ASSERT_EQ(chown(path.c_str(), 65534, 65534), 0);

  const Result<pid_t> pid = PidFile::RunningPid(path);

  ASSERT_FALSE(pid);
  EXPECT_EQ(pid.error().code, EPERM);
}

TEST_F(PidFileTest, LockSurvivesTheForkInWhichTheParentExits) {
  Result<PidFile> file = PidFile::Create(path, 1);
  ASSERT_TRUE(file);
  int hold[2];
  ASSERT_EQ(pipe(hold), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    close(hold[1]);
    char byte = 0;
    [[maybe_unused]] const ssize_t size = read(hold[0], &byte, 1);  // until the test closes its end
    _exit(0);
  }

  ASSERT_TRUE(file->Rewrite(child));
  *file = PidFile();  // as if this process had gone

  EXPECT_EQ(PidFile::RunningPid(path).value(), child);
  EXPECT_FALSE(PidFile::Create(path, 2));
  close(hold[0]);
  close(hold[1]);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_FALSE(PidFile::RunningPid(path));
}

TEST_F(PidFileTest, RenameTakesTheLockAlong) {
  Result<PidFile> file = PidFile::Create(path, 1);
  ASSERT_TRUE(file);

  ASSERT_TRUE(file->Rename(path + ".oldbin"));

  EXPECT_FALSE(Exists(path));
  EXPECT_EQ(PidFile::RunningPid(path + ".oldbin").value(), 1);
  EXPECT_TRUE(PidFile::Create(path, 2));
}

TEST_F(PidFileTest, RemoveDeletesTheFile) {
  Result<PidFile> file = PidFile::Create(path, 1);
  ASSERT_TRUE(file);

  file->Remove();

  EXPECT_FALSE(Exists(path));
  EXPECT_FALSE(*file);
}

TEST_F(PidFileTest, LeavesAFileAloneThatSomebodyElsePutThere) {
  Result<PidFile> file = PidFile::Create(path, 1);
  ASSERT_TRUE(file);
  ASSERT_EQ(unlink(path.c_str()), 0);
  std::ofstream(path) << "77\n";

  EXPECT_FALSE(file->Rename(path + ".oldbin"));
  file->Remove();

  EXPECT_EQ(ReadFile(path).value(), "77\n");
}

TEST_F(PidFileTest, GarbageIsNoPid) {
  const Result<PidFile> file = PidFile::Create(path, 1);
  ASSERT_TRUE(file);
  std::ofstream(path) << "-5\n";

  EXPECT_FALSE(PidFile::RunningPid(path));
}

}  // namespace
}  // namespace colmeia::sys
