/*
 * A worker's own side: one connection at a time, held to its deadlines, ready to drain.
 *
 * Three signals reach a worker, and their handlers do all that must work while JavaScript does not run:
 *   SIGTERM       drain; a second one ends the worker at once
 *   FK_ORPHANED   its zygote has died (PR_SET_PDEATHSIG): drain, unless the supervisor has adopted it
 *   SIGALRM       a deadline may have come
 * They do it on the main thread, whichever takes the signal; only the last alarm, which ends the process, does not care.
 * The first two are blocked while the worker is idle, but for the very wait in epoll_pwait(2): a worker that has
 * accepted a connection learns of a drain only after it has marked itself busy, so none is lost in between.
 *
 * A worker leads a process group of its own: the programs that it starts are in it. It kills them when it leaves, and does
 * not rely on being buried: its parent may be dying. Where it was killed itself, whoever buries it kills what it leaves.
 */
#ifndef FORKD_WORKER_H
#define FORKD_WORKER_H

#include <signal.h>
#include <stddef.h>
#include <sys/types.h>

#include "limits.h"
#include "scoreboard.h"
#include "socket.h"

#define FK_ORPHANED (SIGRTMIN + 1)
#define FK_LISTENERS_MAX 60
#define FK_DEADLINE_GRACE_MS 500 /* from a deadline, of which the handler is told, to the end of its process */

struct fk_worker {
  struct fk_header *header;
  struct fk_slot *slot;
  pid_t supervisor, zygote;
  int generation; /* not read from the slot, which user code that has gone wild may have overwritten */
  int listeners[FK_LISTENERS_MAX];
  int listener_count;
  int connection;    /* the one being served */
  int rings_at_first; /* whether the zygote wants to hear when it waits for its first connection */
  double idle_timeout_ms, session_timeout_ms; /* 0 = none */
  double drain_timeout_ms;                    /* 0 = at once */
  double limits[FK_LIMITS];                   /* below 0 = none */
  void (*notify)(void); /* async-signal-safe; called when a busy worker begins to drain, and when a deadline passes */
};

/* This process's; filled in by the zygote before it forks. */
extern struct fk_worker fk_worker;

/* The signals that an idle worker blocks, blocked or let through. */
void fk_worker_block_signals(void);
void fk_worker_unblock_signals(void);

/* In the worker, signals blocked: a group of its own, handlers in place, orphanhood noticed. -ESRCH if the zygote is gone already. */
int fk_worker_start(void);

/* The same, and this process is in the slot: from now on others find it there. */
int fk_worker_occupy(int generation, int fork_number);

/* From here on this process is held to its limits. 0 or -errno. */
int fk_worker_limit(void);

/* _exit(2), after all that is left of a worker's group has been killed. Async-signal-safe. */
_Noreturn void fk_worker_exit(int status);

int fk_worker_draining(void);

/* Whether this worker belongs to the generation that forks now. */
int fk_worker_current(void);

/* Note, in the slot and in the counters, how the connection ended. Async-signal-safe. */
void fk_worker_record_end(enum fk_outcome outcome);

double fk_now_ms(void); /* CLOCK_MONOTONIC */

/* The deadlines of a connection that begins now; none when it has ended. */
void fk_deadlines_arm(void);
void fk_deadlines_disarm(void);
void fk_deadlines_rearm_idle(void);

/* The worker is about to leave, and SIGALRM ends it if it does not: a grace after drainTimeout, from now or from the drain's begin. */
void fk_deadlines_arm_last(void);

/* FK_IDLE_TIMEOUT, FK_SESSION_TIMEOUT, FK_DRAIN_TIMEOUT: which has passed; FK_NONE. */
enum fk_outcome fk_deadline_passed(void);

/*
 * Wait for a connection and mark the worker busy. Its descriptor (blocking, close-on-exec) with `peer` filled in;
 * -ECANCELED if the worker is to leave. Failures that pass are waited out; `report` hears of each kind once, of the
 * end of it with error 0, and of one because of which this worker leaves with the error below 0.
 */
int fk_worker_accept(struct fk_name *peer, void (*report)(int error));

#endif
