#define _GNU_SOURCE
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "../sys/process.h"
#include "../sys/worker.h"
#include "spinning.h"
#include "support.h"
#include "test.h"

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
  stage_timeouts(60, 0, NEVER_MS);
  check_spinning_ends(FK_IDLE_TIMEOUT, 60, FK_DEADLINE_GRACE_MS);
}

TEST(a_spinning_handler_is_ended_by_the_session_timeout) {
  stage_timeouts(NEVER_MS, 60, NEVER_MS);
  check_spinning_ends(FK_SESSION_TIMEOUT, 60, FK_DEADLINE_GRACE_MS);
}

TEST(of_two_timeouts_the_first_ends_it) {
  stage_timeouts(60, 120, NEVER_MS);
  check_spinning_ends(FK_IDLE_TIMEOUT, 60, FK_DEADLINE_GRACE_MS);
}

TEST(a_spinning_handler_is_ended_by_the_drain_timeout_without_grace) {
  stage_timeouts(NEVER_MS, NEVER_MS, 60);
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
  stage_timeouts(0, 0, 0);
  pid_t pid = fork_spinning_worker();
  fk_kill(pid, SIGTERM);
  CHECK_EQUAL(end_of(pid), 0);
  CHECK_EQUAL(outcome(), FK_DRAIN_TIMEOUT);
}

/*
 * Arms the deadline, puts it off for so long, and counts the notices. The longest time in which it did not get to it:
 * others want to run too.
 */
static double longest_pause_in(double duration, int *noticed) {
  double begun = fk_now_ms(), last = begun, longest = 0;
  fk_deadlines_arm();
  *notices = 0;
  while (last < begun + duration) {
    fk_deadlines_rearm_idle();
    *noticed = *notices;
    double now = fk_now_ms();
    if (now - last > longest) longest = now - last;
    last = now;
  }
  return longest;
}

TEST(who_does_something_is_not_idle_however_long) {
  stage_timeouts(100, 0, NEVER_MS);
  pid_t pid = fork_worker();
  if (pid == 0) {
    int noticed;
    atomic_store(&slot()->state, FK_BUSY);
    while (longest_pause_in(250, &noticed) > 40) continue;
    CHECK_EQUAL(noticed, 0);
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
  stage_timeouts(200, 0, NEVER_MS);
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
  stage_timeouts(30, 0, NEVER_MS);
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
  stage_timeouts(30, 0, NEVER_MS);
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
