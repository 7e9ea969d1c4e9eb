#define _GNU_SOURCE
#include "bell.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static struct fk_header *rung_by_sigchld;

void fk_bell_ring(struct fk_header *header) {
  int saved = errno;
  atomic_fetch_add(&header->bell, 1);
  if (atomic_load(&header->bell_waiting)) syscall(SYS_futex, &header->bell, FUTEX_WAKE, 1, NULL, NULL, 0);
  errno = saved;
}

void fk_bell_wake(struct fk_header *header) {
  atomic_fetch_add(&header->bell, 1);
  syscall(SYS_futex, &header->bell, FUTEX_WAKE, 1, NULL, NULL, 0);
}

void fk_bell_wait(struct fk_header *header, uint32_t seen, double timeout_ms) {
  struct timespec timeout = {.tv_sec = (time_t)(timeout_ms / 1e3)};
  timeout.tv_nsec = (long)((timeout_ms - (double)timeout.tv_sec * 1e3) * 1e6);
  atomic_store(&header->bell_waiting, 1);
  /* A ring before the kernel has compared the word makes it return at once; one after that wakes. */
  syscall(SYS_futex, &header->bell, FUTEX_WAIT, seen, timeout_ms < 0 ? NULL : &timeout, NULL, 0);
  atomic_store(&header->bell_waiting, 0);
}

static void on_sigchld(int signal) {
  (void)signal;
  fk_bell_ring(rung_by_sigchld);
}

int fk_bell_ring_on_sigchld(struct fk_header *header) {
  rung_by_sigchld = header;
  struct sigaction action = {.sa_handler = on_sigchld, .sa_flags = SA_RESTART | SA_NOCLDSTOP};
  return sigaction(SIGCHLD, &action, NULL) == 0 ? 0 : -errno;
}
