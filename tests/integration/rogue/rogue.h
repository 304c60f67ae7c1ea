/* A worker that was broken into: a library that the tests preload into workers, and that acts when one of them has said
 * Ready. It has every right that the worker has left, and none beyond: its threads begin behind the sandbox.
 *
 *   ROGUE_ACT(name) { ...; Say("name: refused"); }
 *
 * defines an act and makes it known by its name; no list is to be kept. One act, named by ROGUE_ACT in the environment,
 * runs on a thread of its own while the worker goes on serving, so it may loop for ever. support/rogue.py builds the
 * library of all .c files in this folder.
 *
 * It begins once there is a file ROGUE_GO, or at once without that in the environment.
 *
 * Of the workers that find the file ROGUE_MARK missing the one that makes it is the rogue, and writes its pid there;
 * the others, and all that come later, are honest. Without ROGUE_MARK each is a rogue.
 */
#pragma once

struct Act {
  const char* name;
  void (*run)(void);
  struct Act* next;
};

void Register(struct Act* act);

#define ROGUE_ACT(act)                                                  \
  static void Run_##act(void);                                          \
  __attribute__((constructor)) static void Register_##act(void) {       \
    static struct Act it = {.name = #act, .run = Run_##act, .next = 0}; \
    Register(&it);                                                      \
  }                                                                     \
  static void Run_##act(void)

/* A line "rogue: ..." on descriptor 2, which is the error log; as printf(3). */
__attribute__((format(printf, 1, 2))) void Say(const char* format, ...);

void SleepMs(long milliseconds);

/* A descriptor of this process whose link in /proc/self/fd begins so, from `from` on; -1 when there is none. */
int FindDescriptor(const char* prefix, int from);
