#define _GNU_SOURCE
#include "worker.h"

#include <errno.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "process.h"
#include "progress.h"

#define LOOKS_IN_IDLE_TIMEOUT 4
#define INTERRUPT_EVERY_MS 50 /* a system call entered just after SIGALRM must be interrupted all the same */

/* Until the scoreboard is mapped, what is counted goes nowhere. */
static struct fk_header nowhere;

struct fk_worker fk_worker = {.header = &nowhere};

static volatile sig_atomic_t draining;
static int leads_group;

double fk_now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

int fk_worker_draining(void) { return draining; }

static void set_timer(double ms) {
  if (ms < 1) ms = 1; /* zero would disarm it */
  struct itimerval timer = {.it_value.tv_sec = (time_t)(ms / 1e3)};
  timer.it_value.tv_usec = (suseconds_t)((ms - (double)timer.it_value.tv_sec * 1e3) * 1e3);
  setitimer(ITIMER_REAL, &timer, NULL);
}

int fk_worker_current(void) {
  return fk_worker.generation == atomic_load(&fk_worker.header->generation);
}

/* Whoever kills a worker for a reason has noted it before, and counted it. */
void fk_worker_record_end(enum fk_outcome outcome) {
  int none = FK_NONE;
  if (atomic_compare_exchange_strong(&fk_worker.slot->outcome, &none, outcome))
    atomic_fetch_add(&fk_worker.header->ended[outcome], 1);
}

static int is_orphaned(void) {
  pid_t parent = getppid();
  return parent != fk_worker.supervisor && parent != fk_worker.zygote;
}

/*
 * Over to the zygote's group first, to keep its own status. Without a zygote there is none to go to: then the supervisor
 * buries this worker, and ends its group, or nobody does, and nobody asks for the status either.
 */
static void end_group(void) {
  if (!leads_group) return;
  if (getppid() == fk_worker.zygote && setpgid(0, fk_worker.zygote) == 0) kill(-getpid(), SIGKILL);
  else if (is_orphaned()) kill(0, SIGKILL);
}

void fk_worker_exit(int status) {
  end_group();
  _exit(status);
}

static int has_connection(void) {
  int state = atomic_load(&fk_worker.slot->state);
  return state == FK_BUSY || state == FK_DRAINING;
}

/* The end is recorded only if it is not yet: a signal may come between the record and the exit. */
static void leave_with(enum fk_outcome outcome) {
  if (!has_connection()) fk_worker_exit(0);
  fk_worker_record_end(outcome);
  fk_abandon_output(fk_worker.connection);
  fk_worker_exit(0);
}

/* The deadline that comes first, 0 if there is none, and what passing it means. */
static double first_deadline(enum fk_outcome *outcome) {
  struct fk_slot *slot = fk_worker.slot;
  double first = 0;
  *outcome = FK_NONE;
  if (slot->idle_deadline > 0) first = slot->idle_deadline, *outcome = FK_IDLE_TIMEOUT;
  if (slot->session_deadline > 0 && (first == 0 || slot->session_deadline < first))
    first = slot->session_deadline, *outcome = FK_SESSION_TIMEOUT;
  if (slot->drain_deadline > 0 && (first == 0 || slot->drain_deadline < first))
    first = slot->drain_deadline, *outcome = FK_DRAIN_TIMEOUT;
  return first;
}

enum fk_outcome fk_deadline_passed(void) {
  enum fk_outcome outcome;
  double first = first_deadline(&outcome);
  return first > 0 && fk_now_ms() >= first ? outcome : FK_NONE;
}

/*
 * Output that the peer is taking, however slowly, puts the idle deadline off too. Only looking tells, so the timer looks
 * several times in an idle timeout: what was taken is not known to the moment.
 */
static void spare_slow_peer(void) {
  if (fk_worker.slot->idle_deadline > 0 && fk_peer_is_reading(fk_worker.connection)) fk_deadlines_rearm_idle();
}

static double until_next_look(double deadline, double now) {
  double look = fk_worker.idle_timeout_ms / LOOKS_IN_IDLE_TIMEOUT;
  return fk_worker.slot->idle_deadline > 0 && look < deadline - now ? look : deadline - now;
}

/* A reader re-arms the idle deadline by writing it down: the timer finds out, and sleeps on, when it rings. */
static void on_alarm(void) {
  enum fk_outcome outcome;
  double now = fk_now_ms();
  spare_slow_peer();
  double first = first_deadline(&outcome);
  if (first > 0 && now < first) set_timer(until_next_look(first, now));
  else if (first > 0) {
    double grace = outcome == FK_DRAIN_TIMEOUT ? 0 : FK_DEADLINE_GRACE_MS;
    if (now >= first + grace) leave_with(outcome);
    if (fk_worker.notify) fk_worker.notify();
    set_timer(INTERRUPT_EVERY_MS);
  }
}

/* Closing the listening sockets at once is what frees the port for a successor while this worker is still busy. */
static void begin_drain(void) {
  draining = 1;
  for (int i = 0; i < fk_worker.listener_count; i++) close(fk_worker.listeners[i]);
  int busy = FK_BUSY;
  if (!atomic_compare_exchange_strong(&fk_worker.slot->state, &busy, FK_DRAINING)) return;
  fk_worker.slot->drain_deadline = fk_now_ms() + fk_worker.drain_timeout_ms;
  on_alarm();
  if (fk_worker.notify) fk_worker.notify();
}

static void on_terminate(void) {
  if (draining) leave_with(FK_TERMINATED);
  begin_drain();
}

/* The kernel sends it when the thread that forked dies: another thread of the zygote may be the parent for a moment
   more (find_new_reaper), and its death is told too. */
static void on_orphaned(void) {
  if (!draining && is_orphaned()) begin_drain();
}

/*
 * What the main thread has blocked, the kernel gives to another thread, if there is one that has not: Node's own, which no
 * mask can be handed to, for Node clears it when it starts, or one of user code's. It is passed on to the main thread.
 */
static void on_signal(int signal) {
  int saved = errno;
  pid_t main_thread = getpid();
  if (syscall(SYS_gettid) != main_thread) syscall(SYS_tgkill, main_thread, main_thread, signal);
  else if (signal == SIGTERM) on_terminate();
  else if (signal == SIGALRM) on_alarm();
  else on_orphaned();
  errno = saved;
}

static sigset_t drain_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, FK_ORPHANED);
  return set;
}

void fk_worker_block_signals(void) {
  sigset_t set = drain_signals();
  pthread_sigmask(SIG_BLOCK, &set, NULL);
}

void fk_worker_unblock_signals(void) {
  sigset_t set = drain_signals();
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void handle(int signal, void (*handler)(int)) {
  struct sigaction action = {.sa_handler = handler}; /* no SA_RESTART: system calls are to be interrupted */
  sigfillset(&action.sa_mask);
  sigaction(signal, &action, NULL);
}

int fk_worker_start(void) {
  draining = 0;
  leads_group = setpgid(0, 0) == 0;
  handle(SIGTERM, on_signal);
  handle(FK_ORPHANED, on_signal);
  handle(SIGALRM, on_signal);
  signal(SIGHUP, SIG_IGN); /* the kernel's, to a group with a stopped process in it whose parent's session has ended */
  return fk_die_with_parent(fk_worker.zygote, FK_ORPHANED);
}

int fk_worker_occupy(int generation, int fork_number) {
  if (fk_worker_start() != 0) return -ESRCH;
  struct fk_slot *slot = fk_worker.slot;
  fk_worker.generation = slot->generation = generation;
  slot->fork_number = fork_number;
  slot->served = 0;
  atomic_store(&slot->outcome, FK_NONE);
  atomic_store(&slot->pid, getpid());
  return 0;
}

/* A connection under way has ended by it; an idle worker has no connection, but still a reason. */
static void note_memory_limit(void) {
  int none = FK_NONE;
  if (!has_connection()) atomic_store(&fk_worker.slot->outcome, FK_MEMORY_LIMIT);
  else if (atomic_compare_exchange_strong(&fk_worker.slot->outcome, &none, FK_MEMORY_LIMIT))
    atomic_fetch_add(&fk_worker.header->ended[FK_MEMORY_LIMIT], 1);
}

int fk_worker_limit(void) {
  if (fk_worker.limits[FK_LIMIT_MEMORY] >= 0) fk_limits_watch_memory(note_memory_limit);
  return fk_limits_apply(fk_worker.limits);
}

void fk_deadlines_arm(void) {
  struct fk_slot *slot = fk_worker.slot;
  double now = fk_now_ms();
  slot->idle_deadline = fk_worker.idle_timeout_ms > 0 ? now + fk_worker.idle_timeout_ms : 0;
  slot->session_deadline = fk_worker.session_timeout_ms > 0 ? now + fk_worker.session_timeout_ms : 0;
  enum fk_outcome outcome;
  double first = first_deadline(&outcome);
  if (first > 0) set_timer(until_next_look(first, now));
}

/* The timer is left to ring once more: it finds nothing to do, which is cheaper than a system call for each connection. */
void fk_deadlines_disarm(void) {
  fk_worker.slot->idle_deadline = 0;
  fk_worker.slot->session_deadline = 0;
}

/* By the signal itself, not by an exit: whoever buries the worker sees that it did not leave by itself. */
static void on_overstay(int alarm) {
  end_group();
  signal(alarm, SIG_DFL);
  kill(getpid(), alarm);
}

void fk_deadlines_arm_last(void) {
  struct fk_slot *slot = fk_worker.slot;
  double now = fk_now_ms();
  fk_deadlines_disarm();
  if (slot->drain_deadline == 0) slot->drain_deadline = now + fk_worker.drain_timeout_ms;
  handle(SIGALRM, on_overstay);
  set_timer(slot->drain_deadline - now + FK_DEADLINE_GRACE_MS);
}

void fk_deadlines_rearm_idle(void) {
  if (fk_worker.slot->idle_deadline > 0) fk_worker.slot->idle_deadline = fk_now_ms() + fk_worker.idle_timeout_ms;
}
