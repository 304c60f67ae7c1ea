/* What all acts stand on: who is the rogue, and when it begins. rogue.h is the contract. */
#define _GNU_SOURCE
#include "rogue.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static const uint32_t kFrameMagic = 0x6d6c6f63; /* the bytes "colm" */
static const uint16_t kReady = 6;               /* ipc::MessageType */

static struct Act* acts;
static int is_rogue;
static int is_ready;

void Register(struct Act* act) {
  act->next = acts;
  acts = act;
}

void Say(const char* format, ...) {
  char line[512] = "rogue: ";
  va_list arguments;
  va_start(arguments, format);
  const size_t begin = strlen(line);
  const int size = vsnprintf(line + begin, sizeof line - begin - 1, format, arguments);
  va_end(arguments);
  if (size < 0) return;
  const size_t end = strlen(line);
  line[end] = '\n';
  if (write(STDERR_FILENO, line, end + 1) < 0) return;
}

void SleepMs(long milliseconds) {
  const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  nanosleep(&time, NULL);
}

int FindDescriptor(const char* prefix, int from) {
  for (int fd = from; fd < 1024; ++fd) {
    char name[64];
    char link[256] = "";
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    if (readlink(name, link, sizeof link - 1) > 0 && strncmp(link, prefix, strlen(prefix)) == 0) return fd;
  }
  return -1;
}

static int IsWorker(void) {
  char line[256] = "";
  const int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  const ssize_t size = read(fd, line, sizeof line - 1);
  close(fd);
  return size > 0 && strcmp(line + strlen(line) + 1, "--as-worker") == 0;
}

/* Before main(), and with the rights of the master. */
__attribute__((constructor)) static void Choose(void) {
  if (!IsWorker()) return;
  const char* const mark = getenv("ROGUE_MARK");
  if (mark != NULL) {
    const int fd = open(mark, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) return;
    dprintf(fd, "%d\n", (int)getpid());
    close(fd);
  }
  is_rogue = 1;
}

/* A generation on its way up fails with any of its workers, so the acts begin when there is a file ROGUE_GO. */
static void WaitForGo(void) {
  const char* const path = getenv("ROGUE_GO");
  while (path != NULL && access(path, F_OK) != 0) SleepMs(2);
}

static void* Run(void* unused) {
  (void)unused;
  WaitForGo();
  const char* const wanted = getenv("ROGUE_ACT");
  for (struct Act* act = acts; act != NULL; act = act->next) {
    if (wanted == NULL || strcmp(act->name, wanted) != 0) continue;
    Say("%s begins", wanted);
    act->run();
    Say("%s is done", wanted);
    return NULL;
  }
  Say("there is no act \"%s\"", wanted != NULL ? wanted : "");
  return NULL;
}

/* The thread that serves calls this when it is about to sleep. Signals are for that thread. */
static void Begin(void) {
  if (!is_rogue || !is_ready) return;
  is_rogue = 0;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread;
  const int failed = pthread_create(&thread, NULL, &Run, NULL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (failed != 0) {
    Say("no thread: %s", strerror(failed));
  } else {
    pthread_detach(thread);
  }
}

/* --- Calls of the worker that pass through here --- */

ssize_t sendmsg(int fd, const struct msghdr* message, int flags) {
  static ssize_t (*next)(int, const struct msghdr*, int);
  if (next == NULL) *(void**)&next = dlsym(RTLD_NEXT, "sendmsg");
  const ssize_t sent = next(fd, message, flags);
  if (is_rogue && sent >= 8 && message->msg_iovlen > 0 && message->msg_iov[0].iov_len >= 8) {
    const char* const frame = message->msg_iov[0].iov_base;
    uint32_t magic = 0;
    uint16_t type = 0;
    memcpy(&magic, frame, sizeof magic);
    memcpy(&type, frame + 6, sizeof type);
    if (magic == kFrameMagic && type == kReady) is_ready = 1;
  }
  return sent;
}

int epoll_wait(int epoll, struct epoll_event* events, int size, int timeout) {
  static int (*next)(int, struct epoll_event*, int, int);
  if (next == NULL) *(void**)&next = dlsym(RTLD_NEXT, "epoll_wait");
  Begin();
  return next(epoll, events, size, timeout);
}

int epoll_pwait(int epoll, struct epoll_event* events, int size, int timeout, const sigset_t* mask) {
  static int (*next)(int, struct epoll_event*, int, int, const sigset_t*);
  if (next == NULL) *(void**)&next = dlsym(RTLD_NEXT, "epoll_pwait");
  Begin();
  return next(epoll, events, size, timeout, mask);
}
