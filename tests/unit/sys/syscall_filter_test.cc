#include "sys/syscall_filter.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <iterator>

#include "gtest/gtest.h"
#include "sys/in_child.h"
#include "sys/privileges.h"
#include "sys/sockets.h"
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
    const UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 || !Filter()) return false;
    epoll_event event{.events = EPOLLIN, .data = {}};
    if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, pair[1], &event) != 0) return false;
    const UniqueFd file(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
    char byte = 0;
    return epoll && file && send(pair[0], "x", 1, MSG_NOSIGNAL) == 1 && recv(pair[1], &byte, 1, 0) == 1 && byte == 'x';
  }));
}

TEST_F(SyscallFilterTest, FilesAreReadWithoutWaiting) {
  EXPECT_TRUE(HoldsInChild([] {
    const UniqueFd file(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
    char byte = 0;
    const iovec part{&byte, 1};
    if (!Filter()) return false;
    return preadv2(file.get(), &part, 1, 0, RWF_NOWAIT) >= 0 || errno == EAGAIN || errno == EOPNOTSUPP;
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

TEST_F(SyscallFilterTest, FilesAreOpenedForReadingWhateverTheOtherFlagsAre) {
  EXPECT_TRUE(HoldsInChild([] {
    const int dir = open("/", O_PATH | O_CLOEXEC);
    if (!Filter()) return false;
    // All that change nothing of the file, in every combination with those that might.
    const int harmless[] = {0, O_CLOEXEC, O_NONBLOCK | O_NOCTTY, O_NOFOLLOW, O_APPEND, O_EXCL, O_PATH, O_DIRECTORY};
    const int harmful[] = {O_CREAT, O_TRUNC, O_TMPFILE & ~O_DIRECTORY, O_TMPFILE};
    for (int mode = 0; mode <= O_ACCMODE; ++mode) {
      for (const int more : harmless) {
        for (unsigned which = 0; which < 1U << std::size(harmful); ++which) {
          int flags = mode | more;
          for (std::size_t i = 0; i < std::size(harmful); ++i) flags |= (which >> i & 1) != 0 ? harmful[i] : 0;
          const bool reads = mode == O_RDONLY && which == 0;
          for (const bool at : {false, true}) {
            errno = 0;
            const auto fd = at ? syscall(SYS_openat, dir, "tmp", flags, 0) : syscall(SYS_open, "/tmp", flags, 0);
            if (reads ? fd < 0 : fd >= 0 || errno != EACCES) return false;
            if (fd >= 0) close(static_cast<int>(fd));
          }
        }
      }
    }
    return true;
  }));
}

TEST_F(SyscallFilterTest, WhatHidesItsFlagsInMemoryIsUnknown) {
  EXPECT_TRUE(HoldsInChild([] {
    const std::uint64_t how[3] = {};
    return Filter() && syscall(SYS_openat2, AT_FDCWD, "/", how, sizeof how) < 0 && errno == ENOSYS &&
           syscall(SYS_clone3, how, sizeof how) < 0 && errno == ENOSYS;
  }));
}

TEST_F(SyscallFilterTest, AListeningSocketThatOthersHaveStaysAsItIs) {
  EXPECT_TRUE(HoldsInChild([] {
    const auto shared = Listen(*Address::FromIp("127.0.0.1", 0));
    if (!shared || !Filter()) return false;
    const int fd = shared->get();
    const linger reset{1, 0};
    int off = 0;
    return shutdown(fd, SHUT_RD) != 0 && shutdown(fd, SHUT_RDWR) != 0 && shutdown(fd, SHUT_WR) == 0 &&
           listen(fd, 0) != 0 && setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset) != 0 &&
           setsockopt(fd, IPPROTO_TCP, TCP_CORK, &off, sizeof off) != 0 &&
           setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &off, sizeof off) == 0 && ioctl(fd, FIONBIO, &off) != 0 &&
           errno == ENOTTY && fcntl(fd, F_SETFL, 0) != 0 && errno == EPERM && fcntl(fd, F_GETFL) >= 0 &&
           IsListening(fd);
  }));
}

TEST_F(SyscallFilterTest, ConnectionsAreResetByThoseWhoAskedForIt) {
  EXPECT_TRUE(HoldsInChild([] {
    const UniqueFd made(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const linger reset{1, 0};
    return SetNoNewPrivileges() && FilterSyscalls({.reset_connections = true}) &&
           setsockopt(made.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset) == 0;
  }));
}

TEST_F(SyscallFilterTest, ALogTakesNoLineButAtItsEnd) {
  EXPECT_TRUE(HoldsInChild([] {
    static constexpr int kNoAppend = 0x20;  // RWF_NOAPPEND
    const UniqueFd file(open("/tmp", O_TMPFILE | O_WRONLY | O_APPEND | O_CLOEXEC, 0600));
    const iovec part{const_cast<char*>("x"), 1};
    return file && write(file.get(), "line\n", 5) == 5 && Filter() && pwrite(file.get(), "x", 1, 0) != 1 &&
           pwritev(file.get(), &part, 1, 0) != 1 && pwritev2(file.get(), &part, 1, 0, kNoAppend) != 1 &&
           fcntl(file.get(), F_SETFL, 0) != 0 && ftruncate(file.get(), 0) != 0 && write(file.get(), "more", 4) == 4;
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
    if (!SealMemory()) return false;
    void* const plain = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return before && plain != MAP_FAILED && mprotect(plain, 4096, PROT_READ | PROT_EXEC) != 0 && errno == EPERM &&
           mmap(nullptr, 4096, both, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EPERM;
  }));
}

TEST_F(SyscallFilterTest, SharedMemoryComesBeforeTheSealAndNotAfter) {
  EXPECT_TRUE(HoldsInChild([] {
    const auto map = [](int flags) {
      return mmap(nullptr, 4096, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
    };
    return Filter() && map(MAP_SHARED) && SealMemory() && !map(MAP_SHARED) && errno == EPERM && map(MAP_PRIVATE);
  }));
}

}  // namespace
}  // namespace colmeia::sys
