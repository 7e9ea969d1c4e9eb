#define _GNU_SOURCE
#include "ending.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "stream.h"
#include "worker.h"

#define LINE_MAX_BYTES 512

static double milliseconds(struct timeval time) { return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3; }

static struct rusage usage(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return used;
}

void fk_usage_begin(void) {
  struct rusage used = usage();
  fk_worker.slot->user_before = milliseconds(used.ru_utime);
  fk_worker.slot->system_before = milliseconds(used.ru_stime);
}

/* The path of a client's Unix socket may hold anything, and the slot too, if user code has gone wild. */
static void copy_peer(char peer[FK_PEER_SIZE]) {
  int length = fk_worker.slot->peer_length;
  if (length < 0 || length >= FK_PEER_SIZE) length = 0;
  memcpy(peer, fk_worker.slot->peer, (size_t)length);
  peer[length] = 0;
  for (int i = 0; i < length; i++)
    if ((unsigned char)peer[i] < ' ') peer[i] = '?';
}

static double now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (double)now.tv_sec * 1e3 + (double)(now.tv_nsec / 1000000);
}

int fk_tell_end(int log) {
  struct fk_slot *slot = fk_worker.slot;
  struct rusage used = usage();
  char line[LINE_MAX_BYTES], peer[FK_PEER_SIZE];
  copy_peer(peer);
  int length = snprintf(line, sizeof line, "\x1b!%.0f %d %d %d %d %d %.0f %.0f %.0f %.0f %.0f %ld %s\n", now_ms(), getpid(),
                        fk_worker.generation, slot->fork_number, slot->served, atomic_load(&slot->outcome),
                        fk_now_ms() - slot->connected_at, slot->bytes_in, slot->bytes_out,
                        milliseconds(used.ru_utime) - slot->user_before, milliseconds(used.ru_stime) - slot->system_before,
                        used.ru_maxrss, peer);
  return length < (int)sizeof line ? fk_log_write(log, line, (size_t)length) : -EOVERFLOW;
}
