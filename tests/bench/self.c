/* Preloaded into colmeia under valgrind: /proc/self/exe there is valgrind's own program, so a server that asks what it runs from, to
 * start its children from the same file, would start valgrind. BENCH_PROGRAM names the file instead. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int stat(const char* path, struct stat* facts) {
  static int (*real)(const char*, struct stat*);
  if (real == NULL) *(void**)&real = dlsym(RTLD_NEXT, "stat");
  const char* program = getenv("BENCH_PROGRAM");
  return real(program != NULL && strcmp(path, "/proc/self/exe") == 0 ? program : path, facts);
}
