#define _GNU_SOURCE
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

static double milliseconds(struct timeval time) { return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3; }

/* The system call itself: the C library's function keeps the fifth argument, what was used, to itself. */
static int look_for_ended(pid_t pid, siginfo_t *info, struct rusage *usage) {
  return (int)syscall(SYS_waitid, pid == -1 ? P_ALL : P_PID, pid, info, WEXITED | WNOHANG | WNOWAIT, usage);
}

pid_t fk_ended(pid_t pid, struct fk_ended *ended) {
  siginfo_t info = {.si_pid = 0};
  struct rusage usage;
  if (look_for_ended(pid, &info, &usage) != 0) return errno == ECHILD ? 0 : -errno;
  if (info.si_pid == 0) return 0;
  ended->pid = info.si_pid;
  ended->exit_status = info.si_code == CLD_EXITED ? info.si_status : -1;
  ended->signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
  ended->user_ms = milliseconds(usage.ru_utime);
  ended->system_ms = milliseconds(usage.ru_stime);
  ended->max_rss_kib = (double)usage.ru_maxrss;
  return info.si_pid;
}

int fk_reap(pid_t pid) { return waitpid(pid, NULL, WNOHANG) == pid ? 0 : -errno; }

int fk_pipe(int ends[2], int size) {
  if (pipe2(ends, O_CLOEXEC) != 0) return -errno;
  fcntl(ends[1], F_SETPIPE_SZ, size); /* refused past the user's share (pipe(7)): the usual 64 KiB do too */
  return 0;
}

int fk_duplicate(int descriptor, int as) { return dup3(descriptor, as, 0) == as ? 0 : -errno; }

int fk_kill(pid_t pid, int signal) { return kill(pid, signal) == 0 ? 0 : -errno; }

int fk_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 ? 0 : -errno; }

int fk_die_with_parent(pid_t parent, int signal) {
  if (prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0) != 0) return -errno;
  return getppid() == parent ? 0 : -ESRCH; /* it may have died before the prctl */
}

int fk_close_on_exec_from(unsigned first) {
  return syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) == 0 ? 0 : -errno;
}
