#define _GNU_SOURCE
#include "limits.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define CPU_GRACE_S 1      /* from SIGXCPU, which can be caught, to SIGKILL */
#define HARDLY_ANY 4194304 /* so little memory is left where an allocation of an ordinary size has failed */

static const int resources[FK_LIMITS] = {
    [FK_LIMIT_MEMORY] = RLIMIT_DATA,      [FK_LIMIT_CPU] = RLIMIT_CPU,         [FK_LIMIT_OPEN_FILES] = RLIMIT_NOFILE,
    [FK_LIMIT_FILE_SIZE] = RLIMIT_FSIZE, [FK_LIMIT_PROCESSES] = RLIMIT_NPROC, [FK_LIMIT_CORE] = RLIMIT_CORE,
};

static rlim_t smaller(rlim_t one, rlim_t other) { return one < other ? one : other; }

static int apply(enum fk_limit limit, rlim_t most) {
  struct rlimit now;
  if (getrlimit(resources[limit], &now) != 0) return -errno;
  rlim_t grace = limit == FK_LIMIT_CPU ? CPU_GRACE_S : 0;
  struct rlimit wanted = {.rlim_cur = smaller(most, now.rlim_max), .rlim_max = smaller(most + grace, now.rlim_max)};
  return setrlimit(resources[limit], &wanted) == 0 ? 0 : -errno;
}

int fk_limits_apply(const double most[FK_LIMITS]) {
  int failed = 0;
  for (int limit = 0; limit < FK_LIMITS && !failed; limit++)
    if (most[limit] >= 0) failed = apply((enum fk_limit)limit, (rlim_t)most[limit]);
  return failed;
}

/* In native/preload/heap.c, if that is there: what V8 was refused last, however much was left for smaller wishes. */
extern volatile int forkd_memory_refusals __attribute__((weak));

static void (*note_out_of_memory)(void);

static const int crashes[] = {SIGABRT, SIGTRAP, SIGSEGV};
#define CRASHES (sizeof crashes / sizeof *crashes)
static struct sigaction before[CRASHES];

static int is_out_of_memory(void) {
  if (&forkd_memory_refusals && forkd_memory_refusals > 0) return 1;
  void *some = mmap(NULL, HARDLY_ANY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (some == MAP_FAILED) return 1;
  munmap(some, HARDLY_ANY);
  return 0;
}

static struct sigaction *action_before(int signal) {
  size_t i = 0;
  while (crashes[i] != signal) i++;
  return &before[i];
}

/* Node catches the SIGSEGV of WebAssembly, and goes on; one that it does not know it gives back its default action. */
static int is_settled_by(const struct sigaction *earlier, int signal, siginfo_t *info, void *context) {
  if (!(earlier->sa_flags & SA_SIGINFO)) return 0;
  struct sigaction now;
  earlier->sa_sigaction(signal, info, context);
  return sigaction(signal, NULL, &now) == 0 && now.sa_handler != SIG_DFL;
}

static void on_crash(int number, siginfo_t *info, void *context) {
  if (is_settled_by(action_before(number), number, info, context)) return;
  if (is_out_of_memory()) note_out_of_memory();
  signal(number, SIG_DFL);
  raise(number); /* blocked until this handler returns */
}

void fk_limits_watch_memory(void (*note)(void)) {
  note_out_of_memory = note;
  struct sigaction action = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO};
  for (size_t i = 0; i < CRASHES; i++) sigaction(crashes[i], &action, &before[i]);
}
