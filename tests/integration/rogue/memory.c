/* Acts on the memory that is shared with the master and the other workers. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rogue.h"

struct Region {
  char* begin;
  size_t size;
  int writable;
  char name[128];
};

enum { kMostRegions = 64 };

/* Shared memory files that this process maps, as /proc/self/maps tells. */
static int FindRegions(struct Region* regions) {
  FILE* const maps = fopen("/proc/self/maps", "re");
  if (maps == NULL) return 0;
  char line[512];
  int count = 0;
  while (count < kMostRegions && fgets(line, sizeof line, maps) != NULL) {
    unsigned long begin = 0;
    unsigned long end = 0;
    char rights[8] = "";
    char name[128] = "";
    if (sscanf(line, "%lx-%lx %7s %*s %*s %*s %127s", &begin, &end, rights, name) != 4) continue;
    if (strncmp(name, "/memfd:colmeia", 14) != 0) continue;
    struct Region* const region = &regions[count++];
    region->begin = (char*)begin;
    region->size = end - begin;
    region->writable = rights[1] == 'w';
    strcpy(region->name, name);
  }
  fclose(maps);
  return count;
}

static size_t WritableBytes(const struct Region* regions, int count) {
  size_t bytes = 0;
  for (int i = 0; i < count; ++i) bytes += regions[i].writable ? regions[i].size : 0;
  return bytes;
}

/* Overwrites all that can be written, again and again. */
ROGUE_ACT(zeros) {
  struct Region regions[kMostRegions];
  const int count = FindRegions(regions);
  Say("zeros: %zu bytes can be written", WritableBytes(regions, count));
  for (;;) {
    for (int i = 0; i < count; ++i) {
      if (regions[i].writable) memset(regions[i].begin, 0, regions[i].size);
    }
    SleepMs(1);
  }
}

ROGUE_ACT(random_bytes) {
  struct Region regions[kMostRegions];
  const int count = FindRegions(regions);
  Say("random_bytes: %zu bytes can be written", WritableBytes(regions, count));
  uint64_t state = 0x9e3779b97f4a7c15;
  for (;;) {
    for (int i = 0; i < count; ++i) {
      if (!regions[i].writable) continue;
      for (size_t at = 0; at + 8 <= regions[i].size; at += 8) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        *(volatile uint64_t*)(regions[i].begin + at) = state;
      }
    }
    SleepMs(1);
  }
}
