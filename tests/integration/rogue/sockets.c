/* Acts on the open files that are shared with the master and the other workers, and on what a sandbox leaves to a worker:
 * listening sockets, logs, files on disk. Each tells how many of its attempts worked. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "rogue.h"

#ifndef RWF_NOAPPEND
#define RWF_NOAPPEND 0x20
#endif

enum { kMostDescriptors = 1024 };

static int IsListening(int fd) {
  int listens = 0;
  socklen_t size = sizeof listens;
  return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens == 1;
}

static int IsLog(int fd) {
  char name[64];
  char link[512] = "";
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(name, link, sizeof link - 1);
  return size > 4 && strcmp(link + size - 4, ".log") == 0;
}

static int tried;
static int done;

static void Count(long result) {
  ++tried;
  if (result >= 0) ++done;
}

static void Tell(const char* act) { Say("%s: %d of %d attempts worked", act, done, tried); }

/* --- Listening sockets --- */

ROGUE_ACT(shut_down) {
  for (int fd = 3; fd < kMostDescriptors; ++fd) {
    if (!IsListening(fd)) continue;
    Count(shutdown(fd, SHUT_RD));
    Count(shutdown(fd, SHUT_RDWR));
    Count(syscall(SYS_shutdown, (long)fd, 0xffffffff00000002L));
  }
  Tell("shut_down");
}

ROGUE_ACT(shut_down_for_ever) {
  for (;;) {
    for (int fd = 3; fd < kMostDescriptors; ++fd) {
      if (IsListening(fd)) shutdown(fd, SHUT_RDWR);
    }
    SleepMs(20);
  }
}

/* Every option that there can be, but for the two that workers set. */
ROGUE_ACT(set_options) {
  static const int kLevels[] = {SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6, IPPROTO_TCP, IPPROTO_MPTCP, SOL_RAW, 0xffff};
  for (int fd = 3; fd < kMostDescriptors; ++fd) {
    if (!IsListening(fd)) continue;
    for (size_t level = 0; level < sizeof kLevels / sizeof *kLevels; ++level) {
      for (int option = 0; option < 256; ++option) {
        if (kLevels[level] == IPPROTO_TCP && (option == TCP_NODELAY || option == TCP_NOTSENT_LOWAT)) continue;
        const int values[] = {1, 255, 0, 0};
        const struct linger linger = {1, 0};
        Count(setsockopt(fd, kLevels[level], option, values, sizeof *values));
        Count(setsockopt(fd, kLevels[level], option, values + 1, sizeof *values));
        Count(setsockopt(fd, kLevels[level], option, &linger, sizeof linger));
        Count(setsockopt(fd, kLevels[level], option, values, sizeof values));
      }
    }
  }
  Tell("set_options");
}

ROGUE_ACT(stop_listening) {
  for (int fd = 3; fd < kMostDescriptors; ++fd) {
    if (!IsListening(fd)) continue;
    struct sockaddr nobody;
    memset(&nobody, 0, sizeof nobody);
    nobody.sa_family = AF_UNSPEC;
    int off = 0;
    int on = 1;
    Count(listen(fd, 0));
    Count(bind(fd, &nobody, sizeof nobody));
    Count(connect(fd, &nobody, sizeof nobody));
    Count(sendto(fd, "x", 1, MSG_FASTOPEN | MSG_NOSIGNAL | MSG_DONTWAIT, &nobody, sizeof nobody));
    Count(ioctl(fd, FIONBIO, &off));
    Count(ioctl(fd, FIOASYNC, &on));
    Count(fcntl(fd, F_SETFL, 0));
    Count(fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC));
    Count(fcntl(fd, F_SETOWN, getppid()));
    Count(fcntl(fd, F_SETSIG, SIGKILL));
  }
  Tell("stop_listening");
}

/* --- Logs --- */

ROGUE_ACT(rewrite_logs) {
  static const char kText[] = "rewritten by the rogue\n";
  struct iovec part = {(void*)kText, sizeof kText - 1};
  for (int fd = 2; fd < kMostDescriptors; ++fd) {
    if (!IsLog(fd)) continue;
    Count(fcntl(fd, F_SETFL, 0));
    Count(pwrite(fd, kText, sizeof kText - 1, 0));
    Count(pwritev(fd, &part, 1, 0));
    Count(pwritev2(fd, &part, 1, 0, RWF_NOAPPEND));
    Count(pwritev2(fd, &part, 1, 0, RWF_NOAPPEND | RWF_NOWAIT));
    Count(ftruncate(fd, 0));
    Count(fallocate(fd, 0x03, 0, 4096)); /* punches a hole */
    Count(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED ? -1 : 0);
    struct flock lock;
    memset(&lock, 0, sizeof lock);
    lock.l_type = F_WRLCK;
    Count(fcntl(fd, F_SETLK, &lock));
    Count(fcntl(fd, F_OFD_SETLK, &lock));
    Count(fcntl(fd, F_SETLEASE, F_WRLCK));
    Count(fcntl(fd, F_NOTIFY, 1));
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    Count(open(name, O_WRONLY | O_CLOEXEC));
    Count(open(name, O_RDWR | O_CLOEXEC));
    Count(open(name, O_RDONLY | O_TRUNC | O_CLOEXEC));
    Count(truncate(name, 0));
    const int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (in < 0) continue;
    Count(sendfile(fd, in, NULL, 64));
    Count(copy_file_range(in, NULL, fd, NULL, 64, 0));
    Count(splice(in, NULL, fd, NULL, 64, 0));
    close(in);
  }
  Tell("rewrite_logs");
}

/* --- Files --- */

/* Our own code and other files, written to. ROGUE_FOLDER names one that everybody may write to. */
ROGUE_ACT(write_files) {
  Count(open("/proc/self/mem", O_RDWR | O_CLOEXEC));
  Count(open("/proc/self/mem", O_WRONLY | O_CLOEXEC));
  const char* const folder = getenv("ROGUE_FOLDER");
  if (folder != NULL) {
    char path[512];
    snprintf(path, sizeof path, "%s/victim", folder);
    Count(open(path, O_WRONLY | O_CLOEXEC));
    Count(open(path, O_RDWR | O_CLOEXEC));
    Count(open(path, O_RDONLY | O_TRUNC | O_CLOEXEC));
    Count(truncate(path, 0));
    Count(unlink(path));
    Count(chmod(path, 0));
    Count(syscall(SYS_openat, AT_FDCWD, folder, O_TMPFILE | O_RDWR, 0600));
    struct {
      unsigned long flags, mode, resolve;
    } how = {O_WRONLY, 0, 0};
    Count(syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how));
    snprintf(path, sizeof path, "%s/made", folder);
    Count(open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0600));
    Count(creat(path, 0600));
    Count(mkdir(path, 0700));
    Count(symlink("victim", path));
  }
  Tell("write_files");
}
