/*
 * What the kernel allows a worker: setrlimit(2). A breach ends that worker, or fails the call that would be one.
 *
 * Of most breaches the wait status or an errno tells. Not of memory: V8 meets a refused page with SIGABRT, SIGTRAP or
 * SIGSEGV, as any crash would. So with a limit of memory in force the handler of these signals asks, before the process
 * dies of them, whether memory was refused.
 */
#ifndef FORKD_LIMITS_H
#define FORKD_LIMITS_H

enum fk_limit {
  FK_LIMIT_MEMORY,     /* bytes of private writable memory */
  FK_LIMIT_CPU,        /* seconds */
  FK_LIMIT_OPEN_FILES, /* descriptors */
  FK_LIMIT_FILE_SIZE,  /* bytes */
  FK_LIMIT_PROCESSES,  /* the user's, threads included */
  FK_LIMIT_CORE,       /* bytes */
  FK_LIMITS
};

/*
 * Hold this process to `most`, by enum fk_limit; below 0: to nothing more than it is held to already. Where it is held to
 * less already, that stays. 0 or -errno.
 */
int fk_limits_apply(const double most[FK_LIMITS]);

/* Call `note`, if this process dies of a crash for want of memory, before it does. `note` is async-signal-safe. */
void fk_limits_watch_memory(void (*note)(void));

#endif
