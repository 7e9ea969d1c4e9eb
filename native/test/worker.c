#define _GNU_SOURCE
#include "../sys/worker.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "../sys/process.h"
#include "spinning.h"
#include "support.h"
#include "test.h"

static struct fk_ended about;

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
  stage_timeouts(0, 0, 50);
  pid_t pid = fork_overstaying_worker(FK_BUSY);
  CHECK_EQUAL(end_of(pid), -SIGALRM);
  CHECK(slot()->drain_deadline > 0);
}

TEST(an_idle_worker_that_is_told_twice_to_leave_ends_no_connection) {
  stage_timeouts(0, 0, NEVER_MS);
  pid_t pid = fork_overstaying_worker(FK_IDLE);
  WAIT_FOR(slot()->drain_deadline > 0);
  fk_kill(pid, SIGTERM);
  fk_kill(pid, SIGTERM); /* they may be taken for one */
  WAIT_FOR(fk_kill(pid, SIGTERM) != 0 || fk_ended(pid, &about) == pid);
  CHECK_EQUAL(end_of(pid), 0);
  CHECK_EQUAL(ended(FK_TERMINATED), 0);
}

TEST(a_busy_worker_that_is_told_to_drain_goes_on) {
  stage_timeouts(0, 0, NEVER_MS);
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
  stage_timeouts(0, 0, NEVER_MS);
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
  stage_timeouts(0, 0, NEVER_MS);
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
  stage_timeouts(0, 0, NEVER_MS);
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
  stage_timeouts(0, 0, 0);
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

TEST(a_worker_that_leaves_says_who_it_is) {
  stage_worker(NULL, 0);
  for (int left = 0; left <= FK_LEAVERS; left++) {
    pid_t pid = fork_worker();
    if (pid == 0) fk_worker_exit(0);
    CHECK_EQUAL(end_of(pid), 0);
    CHECK_EQUAL(fk_worker.header->leaving, (uint32_t)left + 1);
    CHECK_EQUAL(fk_worker.header->leavers[left % FK_LEAVERS], pid);
  }
}

TEST(an_orphaned_worker_ends_with_its_group) {
  stage_timeouts(0, 0, NEVER_MS);
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
    stage_timeouts(0, 0, 0);
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
