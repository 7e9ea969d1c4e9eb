/* A worker that serves short connections, for the tests of how connections are accepted. */
#ifndef FORKD_TEST_SERVING_H
#define FORKD_TEST_SERVING_H

#include <sys/types.h>

#include "../sys/worker.h"

extern struct fk_name peer;

/* Shared: what was reported, in the order in which it was. */
extern struct reports {
  _Atomic int count;
  int errors[16];
} *reports;

/* A scoreboard and one listening socket, which is returned. */
int stage_server(void);

/* The next connection that the worker accepts, whose other end is `peer`. */
int accept_next(void);

/* Answers each connection with a byte until told to leave; exits with 0 if that was how accepting ended. */
void serve_on(void) __attribute__((noreturn));
pid_t fork_server(void);

/* Whether the worker waits for a connection. */
int is_waiting(pid_t pid);

/* Whether a client gets its byte; closes it. */
int is_served(int client);

#endif
