#include "sys/syscall_filter.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "gtest/gtest.h"
#include "sys/in_child.h"
#include "sys/privileges.h"
#include "sys/unique_fd.h"

namespace colmeia::sys {
namespace {

class SyscallFilterTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!SyscallFilterSupported()) GTEST_SKIP() << "this kernel has no system call filters";
  }
  static bool Filter() { return SetNoNewPrivileges() && FilterSyscalls(); }
};

TEST_F(SyscallFilterTest, ServingGoesOn) {
  EXPECT_TRUE(HoldsInChild([] {
    int pair[2] = {-1, -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 || !Filter()) return false;
    const UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
    const UniqueFd file(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
    char byte = 0;
    return epoll && file && send(pair[0], "x", 1, MSG_NOSIGNAL) == 1 && recv(pair[1], &byte, 1, 0) == 1 && byte == 'x';
  }));
}

TEST_F(SyscallFilterTest, NoSocketIsMade) {
  EXPECT_TRUE(HoldsInChild([] { return Filter() && socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EPERM; }));
}

TEST_F(SyscallFilterTest, NoSocketIsBoundOrConnected) {
  EXPECT_TRUE(HoldsInChild([] {
    const UniqueFd made(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr address{.sa_family = AF_UNIX, .sa_data = {}};
    return made && Filter() && bind(made.get(), &address, sizeof address) != 0 && errno == EPERM &&
           connect(made.get(), &address, sizeof address) != 0 && errno == EPERM && listen(made.get(), 1) != 0 &&
           errno == EPERM;
  }));
}

TEST_F(SyscallFilterTest, NoProgramIsExecuted) {
  EXPECT_TRUE(HoldsInChild([] {
    char* const arguments[] = {const_cast<char*>("true"), nullptr};
    return Filter() && execv("/bin/true", arguments) != 0 && errno == EPERM;
  }));
}

TEST_F(SyscallFilterTest, NobodyElseIsSignalled) {
  const pid_t parent = getpid();
  EXPECT_TRUE(
      HoldsInChild([&] { return Filter() && kill(parent, 0) != 0 && errno == EPERM && kill(getpid(), 0) == 0; }));
}

TEST_F(SyscallFilterTest, WhatNobodyThoughtOfIsRefused) {
  EXPECT_TRUE(HoldsInChild([] {
    return Filter() && mount("none", "/", "tmpfs", 0, nullptr) != 0 && errno == EPERM && chroot("/") != 0 &&
           errno == EPERM && syscall(SYS_io_uring_setup, 1, nullptr) < 0 && errno == EPERM;
  }));
}

TEST_F(SyscallFilterTest, ThreadsMayBeStarted) {
  EXPECT_TRUE(HoldsInChild([] {
    if (!Filter()) return false;
    pthread_t thread{};
    const auto nothing = [](void*) -> void* { return nullptr; };
    return pthread_create(&thread, nullptr, nothing, nullptr) == 0 && pthread_join(thread, nullptr) == 0;
  }));
}

TEST_F(SyscallFilterTest, NewCodeComesBeforeTheSealAndNotAfter) {
  EXPECT_TRUE(HoldsInChild([] {
    if (!Filter()) return false;
    const int both = PROT_READ | PROT_WRITE | PROT_EXEC;
    const bool before = mmap(nullptr, 4096, both, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
    if (!ForbidNewCode()) return false;
    void* const plain = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return before && plain != MAP_FAILED && mprotect(plain, 4096, PROT_READ | PROT_EXEC) != 0 && errno == EPERM &&
           mmap(nullptr, 4096, both, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EPERM;
  }));
}

}  // namespace
}  // namespace colmeia::sys
