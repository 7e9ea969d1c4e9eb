/*
 * The scoreboard: one memfd, a page for the header and a page for each worker that there may ever be. Pages that nobody
 * has read or written take up no memory.
 *
 * The supervisor and the zygote map all of it. A worker maps the header and its own page, nothing else: it cannot
 * reach a neighbour's. What a worker writes in its slot is what it says of itself, and what stands in the header any
 * worker may have spoilt: who lives, and in which slot, is in the registry, which supervisor and zygote alone can reach.
 */
#ifndef FORKD_SCOREBOARD_H
#define FORKD_SCOREBOARD_H

#include <stdatomic.h>
#include <stdint.h>

#define FK_PAGE 4096 /* the stride on every machine; mmap offsets are checked against the real page size */
#define FK_PEER_SIZE 128
#define FK_LEAVERS 256

enum fk_state { FK_FREE, FK_STARTING, FK_IDLE, FK_BUSY, FK_DRAINING, FK_DISMISSED };

/* How a connection ended. The worker writes it; NONE means that it could not, and the wait status tells. */
enum fk_outcome {
  FK_NONE,
  FK_COMPLETED,
  FK_CLIENT_GONE,
  FK_IDLE_TIMEOUT,
  FK_SESSION_TIMEOUT,
  FK_DRAIN_TIMEOUT,
  FK_HANDLER_ERROR,
  FK_LINE_TOO_LONG,
  FK_DRAINED,
  FK_TERMINATED,
  FK_MEMORY_LIMIT,
  FK_CPU_LIMIT,
  FK_OPEN_FILES_LIMIT,
  FK_FILE_SIZE_LIMIT,
  FK_PROCESSES_LIMIT,
  FK_EXITED,
  FK_KILLED,
  FK_OUTCOMES
};

struct fk_header {
  _Atomic uint32_t bell;         /* a futex: rung whenever the zygote has something to look at */
  _Atomic uint32_t bell_waiting; /* 1 while the zygote sleeps on it, so that others can save the system call */
  _Atomic int32_t generation;    /* the zygote's that forks now; workers of an earlier one are not counted as idle */
  _Atomic int32_t idle;          /* workers that are starting or idle; may err towards too few, never too many */
  _Atomic int32_t spares;        /* the zygote wants at least so many idle: whoever goes below rings */
  _Atomic int32_t accept_errno;  /* why accept(2) fails at the moment, 0 if it does not: one log line per trouble */
  _Atomic uint32_t log_dropped;  /* log records that found the pipe full for too long */
  _Atomic uint32_t leaving;      /* how many workers have said that they leave, */
  _Atomic int32_t leavers[FK_LEAVERS]; /* and the pids of the last of them, so that the zygote need not look for them */
  _Atomic uint64_t accepted;
  _Atomic uint64_t ended[FK_OUTCOMES];
};

struct fk_slot {
  _Atomic int32_t pid;
  _Atomic int32_t state;
  _Atomic int32_t outcome;
  int32_t generation;
  int32_t fork_number;
  int32_t served; /* connections, the present one included */
  int32_t peer_length;
  int32_t reported; /* 1 once the worker itself has logged how its connection ended */
  double connected_at;              /* this, and the deadlines: ms of CLOCK_MONOTONIC */
  volatile double idle_deadline;    /* these three: 0 = none */
  volatile double session_deadline;
  volatile double drain_deadline;
  double bytes_in;
  double bytes_out;
  double user_before;   /* these two: processor time that the worker had used when the connection came, in ms */
  double system_before;
  char peer[FK_PEER_SIZE];
};

_Static_assert(sizeof(struct fk_header) <= FK_PAGE, "the header fits its page");
_Static_assert(sizeof(struct fk_slot) <= FK_PAGE, "a slot fits its page");

/* A new scoreboard's memfd, or -errno: -EFBIG if RLIMIT_FSIZE is less. */
int fk_scoreboard_create(int slots);

/* Memory that supervisor and zygote share, and no worker has: its memfd, or -errno. What is in it src/scoreboard says. */
int fk_registry_create(int size);

/* Map `length` bytes at `offset`; over `where` if that is not NULL. NULL and errno on failure. */
void *fk_scoreboard_map(int memfd, uint64_t offset, uint64_t length, void *where);

/*
 * Children will not have that part of the scoreboard, nor will a core dump, which would read, and so take up, all of its
 * pages. 0 or -errno.
 */
int fk_scoreboard_keep_to_oneself(void *map, uint64_t length);

#endif
