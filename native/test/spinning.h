/* A worker that serves a connection which never ends, for the tests of what ends it. */
#ifndef FORKD_TEST_SPINNING_H
#define FORKD_TEST_SPINNING_H

#include <sys/types.h>

#include "../sys/worker.h"

#define NEVER_MS 3600e3

/* Shared: how often the worker's event loop was woken. */
extern _Atomic int *notices;

/* A scoreboard for a worker without listeners. */
void stage_timeouts(double idle_timeout_ms, double session_timeout_ms, double drain_timeout_ms);

int outcome(void);

/* How many connections have ended so. */
int ended(enum fk_outcome how);

/* It never looks up. */
pid_t fork_spinning_worker(void);

#endif
