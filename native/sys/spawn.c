#define _GNU_SOURCE
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"

/* A handler of the parent's would run in the parent's memory. */
static void forget_handlers(void) {
  struct sigaction standard = {.sa_handler = SIG_DFL};
  for (int signal = 1; signal < NSIG; signal++) sigaction(signal, &standard, NULL);
}

/* The standard ones, which libuv has marked close-on-exec, and these: by way of higher numbers, for one may be in another's
   place. */
static int pass_descriptors(const int *descriptors, int count) {
  for (int fd = 0; fd < FK_FIRST_PASSED; fd++) fcntl(fd, F_SETFD, 0);
  int end = FK_FIRST_PASSED + count, high[count + 1];
  for (int i = 0; i < count; i++)
    if ((high[i] = fcntl(descriptors[i], F_DUPFD, end)) < 0) return errno == EINVAL ? -EMFILE : -errno;
  for (int i = 0; i < count; i++)
    if (dup2(high[i], FK_FIRST_PASSED + i) < 0) return -errno;
  return syscall(SYS_close_range, end, ~0U, 0) == 0 ? 0 : -errno;
}

/* In the child, which has the parent's memory and stack until it has become the program. Why it has not. */
static int become(const struct fk_program *program, pid_t parent, int orphaned, const sigset_t *mask) {
  forget_handlers();
  setpgid(0, 0); /* what the module starts while it is loaded is already in the worker's group */
  int failed = fk_die_with_parent(parent, orphaned);
  if (failed == 0) failed = pass_descriptors(program->descriptors, program->count);
  if (failed != 0) return failed;
  sigprocmask(SIG_SETMASK, mask, NULL);
  execve(program->path, program->arguments, program->environment);
  return -errno;
}

pid_t fk_spawn(const struct fk_program *program, int orphaned) {
  sigset_t all, mask;
  volatile int failed = 0;
  pid_t parent = getpid();
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &mask);
  pid_t pid = vfork();
  if (pid == 0) {
    failed = become(program, parent, orphaned, &mask);
    _exit(111);
  }
  if (pid < 0) failed = -errno;
  pthread_sigmask(SIG_SETMASK, &mask, NULL);
  if (failed == 0) return pid;
  if (pid > 0) waitpid(pid, NULL, 0);
  return failed;
}

static int write_all(int fd, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(fd, bytes, length);
    if (written < 0 && errno != EINTR) return -errno;
    if (written < 0) continue;
    bytes += written;
    length -= (size_t)written;
  }
  return 0;
}

int fk_sealed(const void *bytes, size_t length) {
  int memfd = memfd_create("forkd-briefing", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (memfd < 0) return -errno;
  int failed = write_all(memfd, bytes, length);
  if (failed == 0 && fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0) failed = -errno;
  if (failed == 0) return memfd;
  close(memfd);
  return failed;
}
