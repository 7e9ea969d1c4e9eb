#define _GNU_SOURCE
#include "phantoms.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define PHANTOMS_MAX 256

/* glibc's pthread_cond_t from 2.25 to 2.40: nptl/pthread_cond_wait.c explains each field. */
struct condition {
  uint64_t wseq, g1_start;
  uint32_t g_refs[2], g_size[2], g1_orig_size, wrefs, g_signals[2];
};
_Static_assert(sizeof(struct condition) == sizeof(pthread_cond_t), "the layout of a condition variable is known");

static struct condition *waited_on[PHANTOMS_MAX];
static int count;

/* From 2.41 on, glibc's pthread_cond_signal no longer waits for earlier waiters, and the fields read below are others. */
static int glibc_waits_for_phantoms(void) {
  int major = 0, minor = 0;
  sscanf(gnu_get_libc_version(), "%d.%d", &major, &minor);
  return major == 2 && minor < 41;
}

static int read_memory(uintptr_t from, void *to, size_t length) {
  struct iovec local = {to, length}, remote = {(void *)from, length};
  return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)length;
}

/*
 * The condition variable whose futex a thread sleeps on, NULL if the futex is something else's (a semaphore's, say).
 * A waiter of group g sleeps on g_signals[g] and holds a reference in g_refs[g], counted in twos, and one in wrefs,
 * counted in eights.
 */
static struct condition *condition_of(uintptr_t futex) {
  size_t offset = offsetof(struct condition, g_signals);
  unsigned group = (futex - offset) % _Alignof(pthread_cond_t) == 0 ? 0 : 1;
  uintptr_t base = futex - offset - group * sizeof(uint32_t);
  struct condition copy;
  if (base % _Alignof(pthread_cond_t) != 0 || !read_memory(base, &copy, sizeof copy)) return NULL;
  uint32_t waiters = copy.wrefs >> 3, in_group = copy.g_refs[group] >> 1;
  int plausible = waiters >= 1 && waiters <= PHANTOMS_MAX && in_group >= 1 && in_group <= waiters;
  return plausible ? (struct condition *)base : NULL;
}

static void note(struct condition *condition) {
  for (int i = 0; i < count; i++)
    if (waited_on[i] == condition) return;
  if (count < PHANTOMS_MAX) waited_on[count++] = condition;
}

/* proc_pid_syscall(5): the number and the arguments of the call a thread sleeps in, or "running". */
static int read_syscall(const char *thread, long *number, uintptr_t *first_argument) {
  char path[64], text[256];
  snprintf(path, sizeof path, "/proc/self/task/%s/syscall", thread);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  if (length <= 0) return -EIO;
  text[length] = 0;
  char *rest;
  *number = strtol(text, &rest, 10);
  if (rest == text) return -EBUSY;
  *first_argument = (uintptr_t)strtoull(rest, NULL, 16);
  return 0;
}

static int is_running(const char *thread) {
  long number;
  uintptr_t argument;
  int failed = read_syscall(thread, &number, &argument);
  if (failed) return failed == -EBUSY; /* otherwise it has ended meanwhile, or nobody may know */
  struct condition *condition = number == SYS_futex && glibc_waits_for_phantoms() ? condition_of(argument) : NULL;
  if (condition) note(condition);
  return 0;
}

int fk_phantoms_find(void) {
  DIR *threads = opendir("/proc/self/task");
  if (!threads) return -errno;
  int running = 0;
  count = 0;
  struct dirent *entry;
  while ((entry = readdir(threads)))
    if (entry->d_name[0] != '.' && atoi(entry->d_name) != getpid()) running += is_running(entry->d_name);
  closedir(threads);
  return running;
}

void fk_phantoms_forget(void) {
  for (int i = 0; i < count; i++) {
    uint32_t kind = waited_on[i]->wrefs & 7; /* which clock, and whether shared between processes */
    memset(waited_on[i], 0, sizeof *waited_on[i]);
    waited_on[i]->wrefs = kind;
  }
}
