#define _GNU_SOURCE
#include "../sys/worker.h"

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "../sys/process.h"
#include "support.h"
#include "test.h"

#define NEVER_MS 3600e3

static struct fk_ended about;
static _Atomic int *notices; /* shared: how often the worker's event loop was woken */

static void count_notice(void) { atomic_fetch_add(notices, 1); }

static struct fk_slot *slot(void) { return fk_worker.slot; }

static int state(void) { return atomic_load(&slot()->state); }

static int outcome(void) { return atomic_load(&slot()->outcome); }

static int ended(enum fk_outcome how) { return (int)atomic_load(&fk_worker.header->ended[how]); }

static void stage(double idle_timeout_ms, double session_timeout_ms, double drain_timeout_ms) {
  stage_worker(NULL, 0);
  notices = shared(sizeof *notices);
  fk_worker.notify = count_notice;
  fk_worker.idle_timeout_ms = idle_timeout_ms;
  fk_worker.session_timeout_ms = session_timeout_ms;
  fk_worker.drain_timeout_ms = drain_timeout_ms;
}

/* A worker that serves a connection which never ends, without ever looking up. */
static pid_t fork_spinning_worker(void) {
  pid_t pid = fork_worker();
  if (pid != 0) return pid;
  fk_deadlines_arm();
  atomic_store(&slot()->state, FK_BUSY);
  fk_worker_unblock_signals();
  for (;;) continue;
}

/* Leaves, and never comes to its end. */
static pid_t fork_overstaying_worker(int first_state) {
  pid_t pid = fork_worker();
  if (pid != 0) return pid;
  atomic_store(&slot()->state, first_state);
  fk_deadlines_arm_last();
  fk_worker_unblock_signals();
  for (;;) continue;
}

TEST(who_does_not_come_to_its_end_is_ended_by_the_alarm) {
  stage(0, 0, 50);
  pid_t pid = fork_overstaying_worker(FK_BUSY);
  CHECK_EQUAL(end_of(pid), -SIGALRM);
  CHECK(slot()->drain_deadline > 0);
}

TEST(an_idle_worker_that_is_told_twice_to_leave_ends_no_connection) {
  stage(0, 0, NEVER_MS);
  pid_t pid = fork_overstaying_worker(FK_IDLE);
  WAIT_FOR(slot()->drain_deadline > 0);
  fk_kill(pid, SIGTERM);
  fk_kill(pid, SIGTERM); /* they may be taken for one */
  WAIT_FOR(fk_kill(pid, SIGTERM) != 0 || fk_ended(pid, &about) == pid);
  CHECK_EQUAL(end_of(pid), 0);
  CHECK_EQUAL(ended(FK_TERMINATED), 0);
}

TEST(no_deadline_has_passed_where_there_is_none) {
  be_worker();
  CHECK_EQUAL(fk_deadline_passed(), FK_NONE);
  fk_deadlines_arm();
  CHECK(slot()->idle_deadline == 0 && slot()->session_deadline == 0);
  struct itimerval timer;
  getitimer(ITIMER_REAL, &timer);
  CHECK(timer.it_value.tv_sec == 0 && timer.it_value.tv_usec == 0);
}

TEST(the_deadline_that_comes_first_is_the_one_that_has_passed) {
  be_worker();
  double now = fk_now_ms();
  slot()->idle_deadline = now - 1;
  CHECK_EQUAL(fk_deadline_passed(), FK_IDLE_TIMEOUT);
  slot()->session_deadline = now - 2;
  CHECK_EQUAL(fk_deadline_passed(), FK_SESSION_TIMEOUT);
  slot()->drain_deadline = now - 3;
  CHECK_EQUAL(fk_deadline_passed(), FK_DRAIN_TIMEOUT);
  slot()->idle_deadline = now - 4;
  CHECK_EQUAL(fk_deadline_passed(), FK_IDLE_TIMEOUT);
  slot()->idle_deadline = slot()->session_deadline = slot()->drain_deadline = now + NEVER_MS;
  CHECK_EQUAL(fk_deadline_passed(), FK_NONE);
}

TEST(deadlines_are_armed_and_put_off_and_disarmed) {
  be_worker();
  fk_worker.idle_timeout_ms = NEVER_MS;
  fk_worker.session_timeout_ms = 2 * NEVER_MS;
  double before = fk_now_ms();
  fk_deadlines_arm();
  double idle = slot()->idle_deadline, session = slot()->session_deadline;
  CHECK(idle >= before + NEVER_MS && idle <= fk_now_ms() + NEVER_MS);
  CHECK(session >= before + 2 * NEVER_MS && session <= fk_now_ms() + 2 * NEVER_MS);
  WAIT_FOR(fk_now_ms() > before + 1);
  fk_deadlines_rearm_idle();
  CHECK(slot()->idle_deadline > idle);
  CHECK(slot()->session_deadline == session);
  fk_deadlines_disarm();
  CHECK(slot()->idle_deadline == 0 && slot()->session_deadline == 0);
  fk_deadlines_rearm_idle();
  CHECK(slot()->idle_deadline == 0);
}

/* The handler is told when it is due, and is ended no earlier than `grace` ms after that. */
static void check_spinning_ends(enum fk_outcome how, double timeout, double grace) {
  double begun = fk_now_ms();
  CHECK_EQUAL(end_of(fork_spinning_worker()), 0);
  CHECK(fk_now_ms() - begun >= timeout + grace);
  CHECK_EQUAL(outcome(), how);
  CHECK_EQUAL(ended(how), 1);
  CHECK(*notices > 0);
}

TEST(a_spinning_handler_is_ended_by_the_idle_timeout) {
  stage(60, 0, NEVER_MS);
  check_spinning_ends(FK_IDLE_TIMEOUT, 60, FK_DEADLINE_GRACE_MS);
}

TEST(a_spinning_handler_is_ended_by_the_session_timeout) {
  stage(NEVER_MS, 60, NEVER_MS);
  check_spinning_ends(FK_SESSION_TIMEOUT, 60, FK_DEADLINE_GRACE_MS);
}

TEST(of_two_timeouts_the_first_ends_it) {
  stage(60, 120, NEVER_MS);
  check_spinning_ends(FK_IDLE_TIMEOUT, 60, FK_DEADLINE_GRACE_MS);
}

TEST(a_spinning_handler_is_ended_by_the_drain_timeout_without_grace) {
  stage(NEVER_MS, NEVER_MS, 60);
  pid_t pid = fork_spinning_worker();
  WAIT_FOR(state() == FK_BUSY);
  double begun = fk_now_ms();
  fk_kill(pid, SIGTERM);
  CHECK_EQUAL(end_of(pid), 0);
  CHECK(fk_now_ms() - begun >= 60);
  CHECK_EQUAL(outcome(), FK_DRAIN_TIMEOUT);
  CHECK_EQUAL(ended(FK_DRAIN_TIMEOUT), 1);
  CHECK(*notices > 0);
}

TEST(without_a_drain_timeout_a_drain_ends_it_at_once) {
  stage(0, 0, 0);
  pid_t pid = fork_spinning_worker();
  fk_kill(pid, SIGTERM);
  CHECK_EQUAL(end_of(pid), 0);
  CHECK_EQUAL(outcome(), FK_DRAIN_TIMEOUT);
}

/* Puts the deadline off for so long. The longest time in which it did not get to it: others want to run too. */
static double longest_pause_in(double duration) {
  double begun = fk_now_ms(), last = begun, longest = 0;
  for (double now = begun; now < begun + duration; now = fk_now_ms()) {
    fk_deadlines_rearm_idle();
    if (now - last > longest) longest = now - last;
    last = now;
  }
  return longest;
}

TEST(who_does_something_is_not_idle_however_long) {
  stage(100, 0, NEVER_MS);
  pid_t pid = fork_worker();
  if (pid == 0) {
    atomic_store(&slot()->state, FK_BUSY);
    do {
      fk_deadlines_arm();
      *notices = 0;
    } while (longest_pause_in(250) > 50);
    CHECK_EQUAL(*notices, 0);
    for (;;) continue;
  }
  CHECK_EQUAL(end_of(pid), 0);
  CHECK_EQUAL(outcome(), FK_IDLE_TIMEOUT);
}

/* As on an event loop: what was written waits in the system, and nobody waits for it. */
TEST(a_worker_whose_output_is_taken_slowly_is_not_idle) {
  static char bytes[64 * 1024];
  int ends[2];
  tcp_pair(ends);
  stage(200, 0, NEVER_MS);
  fk_worker.connection = ends[0];
  while (send(ends[0], bytes, sizeof bytes, MSG_DONTWAIT) > 0) continue;
  pid_t pid = fork_spinning_worker();
  WAIT_FOR(state() == FK_BUSY);
  double deadline = slot()->idle_deadline;
  for (int put_off = 0; put_off < 3;) {
    CHECK(recv(ends[1], bytes, 1024, MSG_DONTWAIT) > 0);
    test_nap();
    if (slot()->idle_deadline == deadline) continue;
    deadline = slot()->idle_deadline;
    put_off++;
  }
  CHECK_EQUAL(end_of(pid), 0);
  CHECK_EQUAL(outcome(), FK_IDLE_TIMEOUT);
}

TEST(a_deadline_that_is_disarmed_ends_nothing) {
  stage(30, 0, NEVER_MS);
  pid_t pid = fork_worker();
  if (pid == 0) {
    fk_deadlines_arm();
    fk_deadlines_disarm();
    double begun = fk_now_ms();
    WAIT_FOR(fk_now_ms() > begun + 30 + FK_DEADLINE_GRACE_MS + 50);
    CHECK_EQUAL(*notices, 0);
    _exit(5);
  }
  CHECK_EQUAL(end_of(pid), 5);
  CHECK_EQUAL(outcome(), FK_NONE);
}

TEST(an_end_that_is_recorded_is_not_recorded_again) {
  stage(30, 0, NEVER_MS);
  pid_t pid = fork_worker();
  if (pid == 0) {
    fk_worker_record_end(FK_COMPLETED);
    fk_deadlines_arm();
    for (;;) continue;
  }
  CHECK_EQUAL(end_of(pid), 0);
  CHECK_EQUAL(outcome(), FK_COMPLETED);
  CHECK_EQUAL(ended(FK_COMPLETED), 1);
  CHECK_EQUAL(ended(FK_IDLE_TIMEOUT), 0);
}

static void *sleep_for_ever(void *nothing) {
  for (;;) pause();
  return nothing;
}

TEST(what_another_thread_takes_waits_for_the_main_thread) {
  pthread_t other;
  be_worker();
  fk_worker_start();
  CHECK(pthread_create(&other, NULL, sleep_for_ever, NULL) == 0);
  fk_worker_block_signals();
  fk_kill(getpid(), SIGTERM);
  sigset_t pending;
  do CHECK(sigpending(&pending) == 0);
  while (!sigismember(&pending, SIGTERM));
  CHECK(!fk_worker_draining());
  fk_worker_unblock_signals();
  CHECK(fk_worker_draining());
  CHECK_EQUAL(outcome(), FK_NONE);
}

TEST(a_busy_worker_that_is_told_to_drain_goes_on) {
  stage(0, 0, NEVER_MS);
  pid_t pid = fork_spinning_worker();
  WAIT_FOR(state() == FK_BUSY);
  double before = fk_now_ms();
  fk_kill(pid, SIGTERM);
  WAIT_FOR(*notices == 1);
  CHECK_EQUAL(state(), FK_DRAINING);
  CHECK(slot()->drain_deadline >= before + NEVER_MS && slot()->drain_deadline <= fk_now_ms() + NEVER_MS);
  CHECK_EQUAL(outcome(), FK_NONE);
  CHECK_EQUAL(fk_kill(pid, 0), 0);
}

TEST(a_second_sigterm_ends_the_worker) {
  stage(0, 0, NEVER_MS);
  pid_t pid = fork_spinning_worker();
  WAIT_FOR(state() == FK_BUSY);
  fk_kill(pid, SIGTERM);
  WAIT_FOR(state() == FK_DRAINING);
  fk_kill(pid, SIGTERM);
  CHECK_EQUAL(end_of(pid), 0);
  CHECK_EQUAL(outcome(), FK_TERMINATED);
  CHECK_EQUAL(ended(FK_TERMINATED), 1);
}

TEST(a_draining_worker_frees_the_port_while_it_is_still_busy) {
  int listener = listen_locally();
  stage(0, 0, NEVER_MS);
  fk_worker.listeners[0] = listener;
  fk_worker.listener_count = 1;
  unsigned short port = port_of(listener);
  pid_t pid = fork_spinning_worker();
  close(listener);
  WAIT_FOR(state() == FK_BUSY);
  CHECK_EQUAL(fk_listen_tcp(FK_IPV4, "127.0.0.1", port, 0, 8), -EADDRINUSE);
  fk_kill(pid, SIGTERM);
  WAIT_FOR(state() == FK_DRAINING);
  CHECK(fk_listen_tcp(FK_IPV4, "127.0.0.1", port, 0, 8) >= 0);
}

TEST(a_worker_belongs_to_the_generation_that_forks_now_or_does_not) {
  be_worker();
  fk_worker.generation = 3;
  atomic_store(&fk_worker.header->generation, 3);
  CHECK(fk_worker_current());
  atomic_store(&fk_worker.header->generation, 4);
  CHECK(!fk_worker_current());
}

static void check_held_back(int signal) {
  be_worker();
  fk_worker.supervisor = fk_worker.zygote = 1 << 22;
  fk_worker_block_signals();
  raise(signal);
  CHECK(!fk_worker_draining());
  fk_worker_unblock_signals();
  CHECK(fk_worker_draining());
}

TEST(sigterm_is_held_back_and_let_through) { check_held_back(SIGTERM); }

TEST(the_signal_of_orphans_is_held_back_and_let_through) { check_held_back(FK_ORPHANED); }

TEST(the_signal_of_orphans_does_nothing_to_those_who_are_none) {
  const pid_t nobody = 1 << 22, parent = getppid();
  be_worker();
  fk_worker.supervisor = parent;
  fk_worker.zygote = nobody;
  raise(FK_ORPHANED);
  fk_worker.supervisor = nobody;
  fk_worker.zygote = parent;
  raise(FK_ORPHANED);
  CHECK(!fk_worker_draining());
  CHECK_EQUAL(state(), FK_BUSY);
  fk_worker.zygote = nobody;
  raise(FK_ORPHANED);
  CHECK(fk_worker_draining());
  CHECK_EQUAL(state(), FK_DRAINING);
  raise(FK_ORPHANED); /* which is no second SIGTERM */
  CHECK_EQUAL(outcome(), FK_NONE);
}

/* A supervisor, a zygote, and a worker that tells its parent's pid; each dies when it is told to. */
struct family {
  _Atomic pid_t supervisor, zygote, worker, parent_of_worker;
};

static void be_spinning_worker(struct family *family) {
  fk_worker_block_signals();
  CHECK_EQUAL(fk_worker_start(), 0);
  atomic_store(&slot()->state, FK_BUSY);
  fk_worker_unblock_signals();
  family->worker = getpid();
  for (;;) family->parent_of_worker = getppid();
}

static struct family *start_family(void) {
  struct family *family = shared(sizeof *family);
  stage(0, 0, NEVER_MS);
  if ((family->supervisor = child()) == 0) {
    fk_become_subreaper();
    family->supervisor = fk_worker.supervisor = getpid();
    if (child() == 0) {
      family->zygote = fk_worker.zygote = getpid();
      if (child() == 0) be_spinning_worker(family);
    }
    for (;;) pause();
  }
  WAIT_FOR(family->worker > 0);
  return family;
}

TEST(a_worker_whose_zygote_dies_goes_on_under_the_supervisor_and_drains_when_that_dies_too) {
  struct family *family = start_family();
  fk_kill(family->zygote, SIGKILL);
  WAIT_FOR(family->parent_of_worker == family->supervisor);
  CHECK_EQUAL(state(), FK_BUSY);
  CHECK_EQUAL(*notices, 0);
  fk_kill(family->supervisor, SIGKILL);
  WAIT_FOR(state() == FK_DRAINING);
}

TEST(a_worker_whose_zygote_dies_without_a_supervisor_drains) {
  struct family *family = start_family();
  fk_kill(family->supervisor, SIGKILL);
  CHECK_EQUAL(state(), FK_BUSY);
  fk_kill(family->zygote, SIGKILL);
  WAIT_FOR(state() == FK_DRAINING);
}

TEST(a_worker_whose_zygote_is_gone_already_does_not_start) {
  stage_worker(NULL, 0);
  fk_worker.zygote = 1 << 22;
  CHECK_EQUAL(fk_worker_start(), -ESRCH);
}

/* A thread like one of libuv's pool: it blocks no signal, and waits. */
static void *rest(void *is_there) {
  fk_worker_unblock_signals();
  *(_Atomic int *)is_there = 1;
  while (pause() != 0) continue;
  return NULL;
}

static int is_pending(int signal) {
  sigset_t pending;
  sigpending(&pending);
  return sigismember(&pending, signal);
}

TEST(a_signal_that_another_thread_gets_is_passed_to_the_main_thread) {
  be_worker();
  fk_worker_block_signals();
  _Atomic int is_there = 0;
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, rest, (void *)&is_there) == 0);
  WAIT_FOR(is_there);
  kill(getpid(), SIGTERM);
  WAIT_FOR(is_pending(SIGTERM));
  CHECK(!fk_worker_draining());
  fk_worker_unblock_signals();
  CHECK(fk_worker_draining());
}

/* A worker, with a program in its group, that leaves when it is told to. */
static pid_t fork_worker_with_program(_Atomic pid_t *program, int *told) {
  pid_t pid = fork_worker();
  if (pid != 0) return pid;
  close(told[1]);
  if (child() == 0) {
    *program = getpid();
    for (;;) pause();
  }
  char byte;
  CHECK(read(told[0], &byte, 1) == 0);
  fk_worker_exit(7);
}

TEST(a_worker_leads_a_group_that_ends_with_it) {
  stage(0, 0, 0);
  fk_become_subreaper();
  _Atomic pid_t *program = shared(sizeof *program);
  int told[2];
  CHECK(pipe(told) == 0);
  pid_t pid = fork_worker_with_program(program, told);
  WAIT_FOR(*program > 0);
  CHECK_EQUAL(getpgid(*program), pid);
  close(told[1]);
  CHECK_EQUAL(end_of(pid), 7);
  CHECK_EQUAL(end_of(*program), -SIGKILL);
}

TEST(an_orphaned_worker_ends_with_its_group) {
  stage(0, 0, NEVER_MS);
  fk_become_subreaper();
  _Atomic pid_t *program = shared(sizeof *program), *worker = shared(sizeof *worker);
  int told[2];
  CHECK(pipe(told) == 0);
  pid_t zygote = child();
  if (zygote == 0) {
    fk_worker.zygote = getpid();
    *worker = fork_worker_with_program(program, told);
    for (;;) pause();
  }
  WAIT_FOR(*program > 0 && *worker > 0);
  kill(zygote, SIGKILL);
  CHECK_EQUAL(end_of(zygote), -SIGKILL);
  close(told[1]);
  CHECK_EQUAL(end_of(*worker), -SIGKILL);
  CHECK_EQUAL(end_of(*program), -SIGKILL);
}

static void limit_memory(void) {
  fk_worker.limits[FK_LIMIT_MEMORY] = 0;
  CHECK_EQUAL(fk_worker_limit(), 0);
}

TEST(a_worker_that_dies_for_want_of_memory_says_so) {
  int states[] = {FK_STARTING, FK_BUSY};
  for (int i = 0; i < 2; i++) {
    stage(0, 0, 0);
    pid_t pid = fork_worker();
    if (pid == 0) {
      atomic_store(&slot()->state, states[i]);
      limit_memory();
      raise(SIGABRT);
    }
    CHECK_EQUAL(end_of(pid), -SIGABRT);
    CHECK_EQUAL(outcome(), FK_MEMORY_LIMIT);
    CHECK_EQUAL(ended(FK_MEMORY_LIMIT), states[i] == FK_BUSY);
  }
}
