/*
 * fork(2) for a process that runs Node.js.
 *
 * Two things keep a plain fork's child from working, and both are put right here without knowing Node:
 *
 *   V8 marks its heap MADV_DONTFORK, so that a child would fault at its first access. A library that is preloaded keeps
 *   it from doing so; where none can be (ld.so(8) has the reasons), all private anonymous mappings are marked
 *   MADV_DOFORK before each fork; mappings come as the heap grows, so they are read anew each time.
 *
 *   Threads do not survive a fork, but glibc's condition variables remember the waiters, and pthread_cond_signal can
 *   wait for ever for one that does not exist. The child re-initialises those on which a thread was parked.
 */
#ifndef FORKD_FORK_H
#define FORKD_FORK_H

#include <sys/types.h>

/*
 * Look for the other threads' condition variables. Called once all that could make threads is done, and again when
 * that may have changed. How many threads are neither parked nor polling (0: it is safe to fork), or -errno.
 */
int fk_fork_prepare(void);

/*
 * Take an image of this process's memory, if the library is there that can (preload/image.h), so that what is not written to
 * afterwards costs a fork nothing. Once, while no other thread runs. 0, or -errno: forks cost more then, and no more than that.
 */
int fk_fork_take_image(void);

/* As fork(2); -errno on failure. */
pid_t fk_fork(void);

#endif
