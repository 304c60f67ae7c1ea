/* Acts on the channel: messages out of turn, without end. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rogue.h"

enum { kChannel = 3, kHello = 1, kReady = 6, kStop = 9, kDraining = 10, kDone = 11, kFailed = 12, kUnusable = 4 };

/* One frame of src/ipc/README.md. */
static int SendFrame(uint16_t type, uint32_t sequence, uint32_t in_reply_to, const void* payload, uint32_t size) {
  char frame[64];
  const uint32_t magic = 0x6d6c6f63;
  const uint16_t version = 1;
  const uint32_t length = 20 + size;
  memcpy(frame, &magic, 4);
  memcpy(frame + 4, &version, 2);
  memcpy(frame + 6, &type, 2);
  memcpy(frame + 8, &sequence, 4);
  memcpy(frame + 12, &in_reply_to, 4);
  memcpy(frame + 16, &length, 4);
  memcpy(frame + 20, payload, size);
  return send(kChannel, frame, length, MSG_NOSIGNAL) == (ssize_t)length;
}

/* Until the master hears no more. */
static void Flood(const char* name, uint16_t type, uint32_t in_reply_to, const void* payload, uint32_t size) {
  unsigned sent = 0;
  for (uint32_t sequence = 1000;; ++sequence) {
    if (SendFrame(type, sequence, in_reply_to, payload, size)) {
      ++sent;
    } else if (errno == EAGAIN) {
      SleepMs(1);
    } else {
      break;
    }
  }
  Say("%s: the master took %u", name, sent);
}

ROGUE_ACT(repeat_hello) {
  const char payload[6] = {1, 0, 1, 0, 0, 0};
  Flood("repeat_hello", kHello, 0, payload, sizeof payload);
}

ROGUE_ACT(repeat_ready) { Flood("repeat_ready", kReady, 0, "", 0); }

ROGUE_ACT(repeat_draining) { Flood("repeat_draining", kDraining, 0, "\1\0\0\0", 4); }

ROGUE_ACT(repeat_failed) { Flood("repeat_failed", kFailed, 0, "\5\0\0\0again", 9); }

ROGUE_ACT(repeat_done) { Flood("repeat_done", kDone, 0, "", 0); }

/* An answer to what was sent, and wanted none. */
ROGUE_ACT(repeat_answer) { Flood("repeat_answer", kDone, 1, "", 0); }

ROGUE_ACT(repeat_unusable) { Flood("repeat_unusable", kUnusable, 0, "\0\0\0\0\x16\0\0\0", 8); }

ROGUE_ACT(repeat_stop) { Flood("repeat_stop", kStop, 0, "\0\0\0\0\0\0\0\0", 8); }
