/* Processes: their ends, their parents, their descriptors. Every function returns -errno on failure. */
#ifndef FORKD_PROCESS_H
#define FORKD_PROCESS_H

#include <sys/types.h>

struct fk_ended {
  int pid;
  int exit_status; /* -1 if a signal ended it */
  int signal;      /* 0 if it exited */
  double user_ms, system_ms, max_rss_kib;
};

/*
 * A child of ours that has ended, any if `pid` is -1, and that is still there: nobody else can have its number before
 * it is reaped, and if we die before we have seen to its end, whoever adopts it can. Its pid and `ended`, 0 if there is
 * none at the moment, or -errno.
 */
pid_t fk_ended(pid_t pid, struct fk_ended *ended);

/* Such a child is not there any more. 0 or -errno. */
int fk_reap(pid_t pid);

/* A pipe, close-on-exec, as large as it may be made up to `size` bytes. */
int fk_pipe(int ends[2], int size);

/* `as` becomes another name of what `descriptor` is, and is passed on to programs: dup3(2). 0 or -errno. */
int fk_duplicate(int descriptor, int as);

int fk_kill(pid_t pid, int signal);

/* Orphaned descendants become children of this process: prctl(2), PR_SET_CHILD_SUBREAPER. */
int fk_become_subreaper(void);

/* `signal` comes when the parent dies: PR_SET_PDEATHSIG. -ESRCH if `parent` is already gone. */
int fk_die_with_parent(pid_t parent, int signal);

/* Keep every descriptor from `first` on out of programs started from now on: close_range(2), CLOSE_RANGE_CLOEXEC. */
int fk_close_on_exec_from(unsigned first);

#endif
