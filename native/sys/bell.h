/*
 * The bell: one futex in the scoreboard's header by which anybody wakes the zygote: a worker that leaves too few
 * spares, the kernel through SIGCHLD, the supervisor after a command. It needs no descriptor, and no ring is lost:
 * the zygote sleeps only while the count is the one it saw before it looked around.
 */
#ifndef FORKD_BELL_H
#define FORKD_BELL_H

#include "scoreboard.h"

/* Async-signal-safe. */
void fk_bell_ring(struct fk_header *header);

/* The same, but not trusting the note that the zygote is awake: any worker might have written it. */
void fk_bell_wake(struct fk_header *header);

/* Sleep until the bell's count differs from `seen`, or for `timeout_ms` (below 0: for ever). */
void fk_bell_wait(struct fk_header *header, uint32_t seen, double timeout_ms);

/* From now on this process rings at each SIGCHLD. 0 or -errno. */
int fk_bell_ring_on_sigchld(struct fk_header *header);

#endif
