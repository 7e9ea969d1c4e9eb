/* What several tests need: processes and how they end, pairs of connected sockets, a worker's surroundings. */
#ifndef FORKD_TEST_SUPPORT_H
#define FORKD_TEST_SUPPORT_H

#include <stddef.h>
#include <sys/types.h>

#include "../sys/worker.h"

/* Zeroed memory that children share. */
void *shared(size_t size);

/* fork(2), which has to succeed. */
pid_t child(void);

/* Waits for a child, any if `pid` is -1: its exit status, or the signal that ended it, negated. */
int end_of(pid_t pid);

/* Whether a process is in an interruptible sleep, its zombie state included. */
int is_asleep(pid_t pid);

/* Whether a thread sleeps in this system call; with its first argument, if `argument` is not NULL. */
int sleeps_in(pid_t pid, pid_t thread, long call, size_t *argument);

/* How many descriptors this process has open. */
int descriptors(void);
int is_open(int fd);
int is_close_on_exec(int fd);

/* A listening socket on 127.0.0.1, any port. */
int listen_locally(void);
unsigned short port_of(int fd);
/* A connection to it, blocking. */
int connect_to(int listener);

/* Two connected sockets, by TCP and by Unix. */
void tcp_pair(int ends[2]);
void unix_pair(int ends[2]);

/* Closes so that the other end gets a reset. */
void reset(int fd);

/* A folder of this test's own, whose files must be removed before remove_folder(). */
const char *make_folder(void);
void remove_folder(const char *folder);

/*
 * A scoreboard with one slot, `count` listeners, no timeouts but 10 s for a drain. This process is the zygote, the
 * harness the supervisor.
 */
void stage_worker(const int *listeners, int count);

/* The slot that was staged, and the state in it. */
struct fk_slot *slot(void);
int state(void);

/* Forks a worker as the zygote does: 0 in the worker, which has its handlers in place and its signals blocked. */
pid_t fork_worker(void);

/* This process itself becomes a worker, with its signals let through. */
void be_worker(void);

/* Whether there is memory at an address: the kernel looks, so that nobody faults. */
int is_mapped(const void *at);

#endif
