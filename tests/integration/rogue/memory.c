/* Acts on the memory that is shared with the master and the other workers.
 *
 * Each first makes as much of it writable as its own trick can, says how much that is, and then does its harm again and
 * again. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "rogue.h"

struct Region {
  char* begin;
  size_t size;
  int writable;
  char name[128];
};

enum { kMostRegions = 64, kPage = 4096 };

/* Shared memory files that this process maps, as /proc/self/maps tells. */
static int FindRegions(struct Region* regions) {
  static char text[1 << 20];
  const int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  size_t used = 0;
  for (ssize_t got = 1; fd >= 0 && got > 0 && used < sizeof text - 1; used += (size_t)(got > 0 ? got : 0)) {
    got = read(fd, text + used, sizeof text - 1 - used);
  }
  text[used] = '\0';
  close(fd);
  int count = 0;
  char* rest = NULL;
  for (char* line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
    unsigned long begin = 0;
    unsigned long end = 0;
    char rights[8] = "";
    char name[128] = "";
    if (count == kMostRegions) break;
    if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %127s", &begin, &end, rights, name) != 4) continue;
    if (strncmp(name, "/memfd:colmeia", 14) != 0) continue;
    struct Region* const region = &regions[count++];
    region->begin = (char*)begin;
    region->size = end - begin;
    region->writable = rights[1] == 'w';
    strcpy(region->name, name);
  }
  return count;
}

/* --- Harm: what is done to a word of memory that can be written --- */

static uint64_t Zero(uint64_t old) {
  (void)old;
  return 0;
}

static uint64_t Random(uint64_t old) {
  static uint64_t state = 0x9e3779b97f4a7c15;
  (void)old;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

static uint64_t Ones(uint64_t old) {
  (void)old;
  return UINT64_MAX;
}

/* Whatever looks like a heartbeat of the last minute becomes one of an hour ago. */
static uint64_t SetBack(uint64_t old) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  const uint64_t ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
  return old < ns && ns - old < (uint64_t)60 * 1000000000 ? 1 : old;
}

/* Free slots become ready ones, or killed ones. */
static uint64_t Fill(uint64_t old) { return old == 0 ? 2 + Random(0) % 3 : old; }

/* Counts that nobody can have had. */
static uint64_t Brag(uint64_t old) { return old | (uint64_t)1 << 61; }

static void HarmFor(uint64_t (*harm)(uint64_t), int rounds) {
  struct Region regions[kMostRegions];
  for (int round = 0; rounds == 0 || round < rounds; ++round) {
    const int count = FindRegions(regions);
    for (int i = 0; i < count; ++i) {
      if (!regions[i].writable) continue;
      for (size_t at = 0; at + 8 <= regions[i].size; at += 8) {
        volatile uint64_t* const word = (uint64_t*)(regions[i].begin + at);
        const uint64_t changed = harm(*word);
        if (changed != *word) *word = changed;
      }
    }
    SleepMs(1);
  }
}

static void Tell(const char* act) {
  struct Region regions[kMostRegions];
  const int count = FindRegions(regions);
  size_t pages = 0;
  for (int i = 0; i < count; ++i) pages += regions[i].writable ? regions[i].size / (size_t)sysconf(_SC_PAGESIZE) : 0;
  Say("%s: %zu pages can be written", act, pages);
}

#define HARM(act, harm)   \
  ROGUE_ACT(act) {        \
    Tell(#act);           \
    HarmFor(harm, 0);     \
  }

HARM(zeros, Zero)
HARM(random_bytes, Random)
HARM(ones, Ones)
HARM(heartbeats_back, SetBack)
HARM(fill_free_slots, Fill)
HARM(brag, Brag)

/* --- Tricks: ways to make more of it writable --- */

ROGUE_ACT(protect) {
  struct Region regions[kMostRegions];
  const int count = FindRegions(regions);
  int done = 0;
  for (int i = 0; i < count; ++i) {
    if (mprotect(regions[i].begin, regions[i].size, PROT_READ | PROT_WRITE) == 0 && !regions[i].writable) ++done;
  }
  Say("protect: %d succeeded", done);
  Tell("protect");
  HarmFor(Random, 0);
}

/* A mapping of one's own page that grows over those behind it; and a second one of all of it. */
ROGUE_ACT(grow) {
  struct Region regions[kMostRegions];
  const int count = FindRegions(regions);
  int done = 0;
  for (int i = 0; i < count; ++i) {
    if (!regions[i].writable) continue;
    for (int again = 0; again < 2; ++again) {
      if (mremap(regions[i].begin, again ? 0 : regions[i].size, 512 * kPage, MREMAP_MAYMOVE) != MAP_FAILED) ++done;
    }
    if (remap_file_pages(regions[i].begin, regions[i].size, 0, 0, 0) == 0) ++done;
  }
  Say("grow: %d succeeded", done);
  Tell("grow");
  HarmFor(Random, 0);
}

/* The memory behind a descriptor, whatever that was opened for. */
static int MapAnew(const char* path) {
  const int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return 0;
  const void* const all = mmap(NULL, 1024 * kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return all != MAP_FAILED || pwrite(fd, "", 1, 0) == 1;
}

ROGUE_ACT(reopen) {
  int done = 0;
  int held = 0;
  char path[128];
  for (int fd = FindDescriptor("/memfd:", 0); fd >= 0; fd = FindDescriptor("/memfd:", fd + 1)) {
    ++held;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    done += MapAnew(path);
    if (pwrite(fd, "", 1, 0) == 1) ++done;
  }
  struct Region regions[kMostRegions];
  const int count = FindRegions(regions);
  for (int i = 0; i < count; ++i) {
    snprintf(path, sizeof path, "/proc/self/map_files/%lx-%lx", (unsigned long)regions[i].begin,
             (unsigned long)(regions[i].begin + regions[i].size));
    done += MapAnew(path);
  }
  Say("reopen: %d succeeded, %d descriptors were there", done, held);
  Tell("reopen");
  HarmFor(Random, 0);
}

/* Descriptors of the master and of the siblings, by their numbers. */
ROGUE_ACT(reopen_others) {
  int done = 0;
  const pid_t master = getppid();
  for (pid_t pid = master; pid < master + 64; ++pid) {
    for (int fd = 0; fd < 64 && pid != getpid(); ++fd) {
      char path[64];
      char link[128] = "";
      snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
      if (readlink(path, link, sizeof link - 1) > 0 && strncmp(link, "/memfd:colmeia", 14) == 0) done += MapAnew(path);
    }
  }
  Say("reopen_others: %d succeeded", done);
  Tell("reopen_others");
  HarmFor(Random, 0);
}

/* The kernel writes where the program may not. */
ROGUE_ACT(process_memory) {
  struct Region regions[kMostRegions];
  const int count = FindRegions(regions);
  int done = 0;
  const int memory = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
  for (int i = 0; i < count && memory >= 0; ++i) {
    if (regions[i].writable) continue;
    for (size_t at = 0; at < regions[i].size; at += kPage) {
      if (pwrite(memory, "rogue", 5, (off_t)(uintptr_t)(regions[i].begin + at)) == 5) ++done;
    }
  }
  Say("process_memory: %d succeeded", done);
  Tell("process_memory");
  HarmFor(Random, 0);
}

/* Takes pages out of the file. */
ROGUE_ACT(punch) {
  struct Region regions[kMostRegions];
  const int count = FindRegions(regions);
  int done = 0;
  for (int i = 0; i < count; ++i) {
    if (madvise(regions[i].begin, regions[i].size, MADV_REMOVE) == 0 && !regions[i].writable) ++done;
  }
  Say("punch: %d succeeded", done);
  Tell("punch");
  HarmFor(Zero, 0);
}

/* --- The lock of `accept_by mutex`, which all may write: the writable region that is mapped from the end of the file --- */

static volatile uint64_t* FindLock(void) {
  struct Region regions[kMostRegions];
  const int count = FindRegions(regions);
  /* One's own page has a heartbeat and counts, the lock's page is empty but for its first word. */
  for (int i = 0; i < count; ++i) {
    if (!regions[i].writable) continue;
    const uint64_t* const words = (const uint64_t*)regions[i].begin;
    int used = 0;
    for (size_t at = 1; at < regions[i].size / 8; ++at) used += words[at] != 0;
    if (used == 0) return (volatile uint64_t*)regions[i].begin;
  }
  return NULL;
}

static void KeepLocked(const char* act, uint64_t value) {
  volatile uint64_t* const lock = FindLock();
  Say("%s: the lock is %s", act, lock != NULL ? "there" : "nowhere");
  while (lock != NULL) *lock = value;
}

/* Held without end by the first of the slots that is not one's own, by nobody, or by what is no slot. */
ROGUE_ACT(lock_of_a_sibling) { KeepLocked("lock_of_a_sibling", 1); }
ROGUE_ACT(lock_of_nobody) { KeepLocked("lock_of_nobody", 1000); }
ROGUE_ACT(lock_of_no_slot) { KeepLocked("lock_of_no_slot", UINT64_MAX); }
