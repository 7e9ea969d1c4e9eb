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

pid_t fk_ended(pid_t pid) {
  siginfo_t info = {.si_pid = 0};
  if (waitid(pid == -1 ? P_ALL : P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0) return info.si_pid;
  return errno == ECHILD ? 0 : -errno;
}

int fk_reap(pid_t pid, struct fk_ended *ended) {
  int status;
  struct rusage usage;
  pid_t got = wait4(pid, &status, WNOHANG, &usage);
  if (got <= 0) return got == 0 || errno == ECHILD ? 0 : -errno;
  ended->pid = got;
  ended->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  ended->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  ended->user_ms = milliseconds(usage.ru_utime);
  ended->system_ms = milliseconds(usage.ru_stime);
  ended->max_rss_kib = (double)usage.ru_maxrss;
  return 1;
}

int fk_pipe(int ends[2], int size) {
  if (pipe2(ends, O_CLOEXEC) != 0) return -errno;
  fcntl(ends[1], F_SETPIPE_SZ, size); /* refused past the user's share (pipe(7)): the usual 64 KiB do too */
  return 0;
}

int fk_kill(pid_t pid, int signal) { return kill(pid, signal) == 0 ? 0 : -errno; }

int fk_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 ? 0 : -errno; }

int fk_die_with_parent(pid_t parent, int signal) {
  if (prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0) != 0) return -errno;
  return getppid() == parent ? 0 : -ESRCH; /* it may have died before the prctl */
}

int fk_close_on_exec_from(unsigned first) {
  return syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) == 0 ? 0 : -errno;
}
