#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bell.h"
#include "ending.h"
#include "progress.h"
#include "worker.h"

#define BACK_OFF_FIRST_MS 10
#define BACK_OFF_MOST_MS 1000
#define LOST_IN_A_ROW 100

static int waiter = -1; /* an epoll of this worker's own: EPOLLEXCLUSIVE wakes one idle worker for each connection */

static int open_waiter(void) {
  int fd = epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) return -errno;
  for (int i = 0; i < fk_worker.listener_count; i++) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE};
    if (epoll_ctl(fd, EPOLL_CTL_ADD, fk_worker.listeners[i], &event) == 0) continue;
    int error = errno;
    close(fd);
    return -error;
  }
  waiter = fd;
  return 0;
}

static sigset_t mask_of_the_wait(void) {
  sigset_t mask;
  pthread_sigmask(SIG_BLOCK, NULL, &mask);
  sigdelset(&mask, SIGTERM);
  sigdelset(&mask, FK_ORPHANED);
  return mask;
}

/* 0 when there may be a connection, or a signal came; -errno if there is no way to wait. */
static int wait_for_connection(void) {
  int opened = waiter < 0 ? open_waiter() : 0;
  if (opened < 0) return opened;
  sigset_t mask = mask_of_the_wait();
  struct epoll_event event;
  return epoll_pwait(waiter, &event, 1, -1, &mask) < 0 && errno != EINTR ? -errno : 0;
}

static void back_off(double ms) {
  sigset_t mask = mask_of_the_wait();
  struct timespec timeout = {.tv_sec = (time_t)(ms / 1e3), .tv_nsec = (long)(ms * 1e6) % 1000000000L};
  ppoll(NULL, 0, &timeout, &mask);
}

/* The first waiting connection of any listener, each in its turn; -EAGAIN if none has one. */
static int take_connection(void) {
  static int turn;
  for (int i = 0; i < fk_worker.listener_count; i++) {
    turn = (turn + 1) % fk_worker.listener_count;
    int fd = accept4(fk_worker.listeners[turn], NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0) return fd;
    if (errno != EAGAIN) return -errno;
  }
  return -EAGAIN;
}

/* The trouble of the connection that would have been next, not of this process: accept(2) says to try again. */
static int is_of_one_connection(int error) {
  switch (error) {
    case ECONNABORTED:
    case EINTR:
    case EPERM: /* a firewall's rule */
    case EPROTO:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET: return 1;
    default: return 0;
  }
}

/* Of all workers that run into the same trouble, one reports it, and the first that gets over it reports that. */
static void note_trouble(int error, void (*report)(int)) {
  if (atomic_exchange(&fk_worker.header->accept_errno, error) != error) report(error);
}

/* What a worker's earlier connections have left open is closed by its end, and a fresh one takes its place. */
static int is_worn_out(int error) { return error == EMFILE && fk_worker.slot->served > 0; }

static int next_connection(void (*report)(int)) {
  double pause = BACK_OFF_FIRST_MS;
  int lost = 0;
  while (!fk_worker_draining()) {
    int fd = take_connection();
    if (fd == -EAGAIN) fd = wait_for_connection(), lost = 0;
    else if (fd >= 0) return fd;
    if (fd == 0 || (is_of_one_connection(-fd) && ++lost < LOST_IN_A_ROW)) continue;
    if (is_worn_out(-fd)) {
      report(fd);
      break;
    }
    note_trouble(-fd, report);
    back_off(pause);
    pause = pause * 2 < BACK_OFF_MOST_MS ? pause * 2 : BACK_OFF_MOST_MS;
  }
  return -ECANCELED;
}

static void note_peer(int fd, struct fk_name *peer) {
  if (fk_peer_name(fd, peer) != 0) memset(peer, 0, sizeof *peer); /* reset already: reading it will tell */
  struct fk_slot *slot = fk_worker.slot;
  const char *format = peer->family == FK_IPV6 ? "[%s]:%u" : peer->family == FK_IPV4 ? "%s:%u" : "unix:%s";
  slot->peer_length = snprintf(slot->peer, sizeof slot->peer, format, peer->host, peer->port);
}

/* Counted out before the state changes: killed in between, this worker is counted out twice, and a spare too many
   is forked. The other way round there would be one too few, for good. */
static void mark_busy(void) {
  struct fk_header *header = fk_worker.header;
  struct fk_slot *slot = fk_worker.slot;
  slot->connected_at = fk_now_ms();
  slot->bytes_in = slot->bytes_out = 0;
  if (slot->served++ > 0) fk_usage_begin();
  atomic_store(&slot->outcome, FK_NONE);
  slot->reported = 0;
  int counted = fk_worker_current();
  int32_t idle = counted ? atomic_fetch_sub(&header->idle, 1) - 1 : 0;
  atomic_store(&slot->state, FK_BUSY);
  atomic_fetch_add(&header->accepted, 1);
  if (counted && idle < atomic_load(&header->spares)) fk_bell_ring(header);
}

/* A worker that starts was counted by whoever forked it. Whether it may wait: it may have been dismissed meanwhile. */
static int mark_idle(void) {
  int was = atomic_load(&fk_worker.slot->state);
  do if (was == FK_DISMISSED) return 0;
  while (!atomic_compare_exchange_weak(&fk_worker.slot->state, &was, FK_IDLE));
  if (was == FK_STARTING && fk_worker.rings_at_first) fk_bell_ring(fk_worker.header);
  if (was == FK_STARTING || !fk_worker_current()) return 1;
  atomic_fetch_add(&fk_worker.header->idle, 1);
  if (!fk_worker_current()) atomic_fetch_sub(&fk_worker.header->idle, 1); /* a new zygote has begun to count from zero */
  return 1;
}

int fk_worker_accept(struct fk_name *peer, void (*report)(int)) {
  fk_worker_block_signals();
  if (!fk_worker_draining() && !mark_idle()) return -ECANCELED;
  int fd = next_connection(report);
  if (fd < 0) return fd;
  note_peer(fd, peer); /* first: whoever buries this worker says whose connection it was */
  mark_busy();
  if (atomic_load(&fk_worker.header->accept_errno) != 0) note_trouble(0, report);
  fk_worker.connection = fd;
  fk_progress_reset();
  fk_deadlines_arm();
  fk_worker_unblock_signals();
  return fd;
}
