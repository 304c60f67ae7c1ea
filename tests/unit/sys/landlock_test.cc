#include "sys/landlock.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "gtest/gtest.h"
#include "sys/files.h"
#include "sys/in_child.h"
#include "sys/privileges.h"
#include "sys/temp_dir.h"
#include "sys/unique_fd.h"

namespace colmeia::sys {
namespace {

bool Opens(const std::string& path, int flags) { return bool(UniqueFd(open(path.c_str(), flags | O_CLOEXEC, 0644))); }

class LandlockTest : public testing::Test {
 protected:
  void SetUp() override {
    if (LandlockVersion() == 0) GTEST_SKIP() << "this kernel has no Landlock";
    file_ = dir_ / "file";
    ASSERT_TRUE(Opens(file_, O_CREAT | O_WRONLY));
    ASSERT_EQ(mkdir(Folder().c_str(), 0755), 0);
    ASSERT_TRUE(Opens(Folder() + "/inside", O_CREAT | O_WRONLY));
  }
  [[nodiscard]] std::string Folder() const { return dir_ / "folder"; }
  static bool Restrict(const FileRights& rights) { return SetNoNewPrivileges() && RestrictFiles(rights); }

  TempDir dir_;
  std::string file_;
};

TEST_F(LandlockTest, ReadsAndWritesNothing) {
  EXPECT_TRUE(HoldsInChild([&] {
    return Restrict({}) && Opens(file_, O_RDONLY) && !Opens(file_, O_WRONLY) && errno == EACCES &&
           !Opens(dir_ / "new", O_CREAT | O_WRONLY) && unlink(file_.c_str()) != 0 &&
           mkdir((dir_ / "more").c_str(), 0755) != 0 && rename(file_.c_str(), (dir_ / "other").c_str()) != 0;
  }));
}

TEST_F(LandlockTest, WhatIsOpenStaysOpen) {
  EXPECT_TRUE(HoldsInChild([&] {
    const UniqueFd log(open(file_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
    return Restrict({}) && write(log.get(), "line\n", 5) == 5;
  }));
}

TEST_F(LandlockTest, ExecutesNothing) {
  EXPECT_TRUE(HoldsInChild([&] {
    char* const arguments[] = {const_cast<char*>("true"), nullptr};
    return Restrict({}) && execv("/bin/true", arguments) != 0 && errno == EACCES;
  }));
}

TEST_F(LandlockTest, StrictReadsBelowItsFoldersOnly) {
  EXPECT_TRUE(HoldsInChild([&] {
    FileRights rights;
    rights.read_anywhere = false;
    rights.readable = {Folder(), dir_ / "not there"};
    return Restrict(rights) && Opens(Folder() + "/inside", O_RDONLY) && !Opens(file_, O_RDONLY) && errno == EACCES &&
           !Opens("/etc/passwd", O_RDONLY);
  }));
}

TEST_F(LandlockTest, StrictIsNotLedOutByASymbolicLink) {
  ASSERT_EQ(symlink(file_.c_str(), (Folder() + "/link").c_str()), 0);
  EXPECT_TRUE(HoldsInChild([&] {
    FileRights rights;
    rights.read_anywhere = false;
    rights.readable = {Folder()};
    return Restrict(rights) && !Opens(Folder() + "/link", O_RDONLY) && errno == EACCES;
  }));
}

TEST_F(LandlockTest, ACoreFileMayBeMadeWhereItIsWanted) {
  EXPECT_TRUE(HoldsInChild([&] {
    FileRights rights;
    rights.core_dump = {Folder()};
    return Restrict(rights) && Opens(Folder() + "/core", O_CREAT | O_EXCL | O_WRONLY) &&
           !Opens(dir_ / "core", O_CREAT | O_EXCL | O_WRONLY);
  }));
}

TEST_F(LandlockTest, TracesNobodyOutside) {
  const pid_t parent = getpid();
  EXPECT_TRUE(HoldsInChild([&] { return Restrict({}) && ptrace(PTRACE_SEIZE, parent, 0, 0) != 0 && errno == EPERM; }));
}

TEST_F(LandlockTest, BindsNoPort) {
  if (LandlockVersion() < 4) GTEST_SKIP() << "this kernel's Landlock does not know ports";
  EXPECT_TRUE(HoldsInChild([&] {
    const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return Restrict({}) && bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
           errno == EACCES;
  }));
}

TEST_F(LandlockTest, SignalsNobodyOutside) {
  if (LandlockVersion() < 6) GTEST_SKIP() << "this kernel's Landlock does not know signals";
  const pid_t parent = getpid();
  EXPECT_TRUE(HoldsInChild([&] { return Restrict({}) && kill(parent, 0) != 0 && errno == EPERM; }));
}

TEST_F(LandlockTest, NeedsNoNewPrivilegesFirst) {
  if (geteuid() == 0) GTEST_SKIP() << "root may without";
  EXPECT_TRUE(HoldsInChild([] {
    const Result<> restricted = RestrictFiles({});
    return !restricted && restricted.error().message.find("landlock_restrict_self()") != std::string::npos;
  }));
}

}  // namespace
}  // namespace colmeia::sys
