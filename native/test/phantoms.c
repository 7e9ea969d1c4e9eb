#define _GNU_SOURCE
#include "../sys/phantoms.h"

#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "../sys/fork.h"
#include "parked.h"
#include "support.h"
#include "test.h"

/* Up to glibc 2.40, unless a distribution has mended it: waiters count themselves in g_refs, words 4 and 5. */
static int glibc_waits_for_phantoms(const pthread_cond_t *waited_on) {
  uint32_t words[sizeof *waited_on / sizeof(uint32_t)];
  memcpy(words, waited_on, sizeof words);
  return words[4] != 0 && words[5] != 0;
}

static void check_signals_return(clockid_t clock) {
  static struct queue queue;
  park_threads(&queue, clock);
  CHECK_EQUAL(fk_fork_prepare(), 0);
  pid_t plain = fork();
  if (plain == 0) wake_and_leave(&queue);
  CHECK_EQUAL(hangs(plain), glibc_waits_for_phantoms(&queue.condition));
  for (int round = 0; round < 5; round++) {
    pid_t repaired = fk_fork();
    if (repaired == 0) wake_and_leave(&queue);
    CHECK_EQUAL(hangs(repaired), 0);
  }
  give(&queue); /* in the parent, all is as it was */
  WAIT_FOR(done(&queue) == 2);
}

TEST(signals_return_where_a_plain_fork_would_hang) { check_signals_return(CLOCK_REALTIME); }

TEST(signals_return_where_a_plain_fork_would_hang_by_the_other_clock) { check_signals_return(CLOCK_MONOTONIC); }

TEST(several_condition_variables_are_mended_at_once) {
  static struct queue queues[4];
  for (int i = 0; i < 4; i++) park_threads(&queues[i], i % 2 ? CLOCK_MONOTONIC : CLOCK_REALTIME);
  CHECK_EQUAL(fk_fork_prepare(), 0);
  for (int i = 0; i < 4; i++) {
    pid_t pid = fk_fork();
    if (pid == 0) wake_and_leave(&queues[i]);
    CHECK_EQUAL(hangs(pid), 0);
  }
}

static double now_by(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* By the wrong clock this would end at once, or in decades. */
static void check_wait_of_a_child(clockid_t clock) {
  static struct queue queue;
  park_threads(&queue, clock);
  CHECK_EQUAL(fk_fork_prepare(), 0);
  pid_t pid = fk_fork();
  if (pid == 0) {
    double begun = now_by(clock), until = begun + 30;
    struct timespec deadline = {.tv_sec = (time_t)(until / 1e3)};
    deadline.tv_nsec = (long)((until - (double)deadline.tv_sec * 1e3) * 1e6);
    pthread_mutex_lock(&queue.mutex);
    while (pthread_cond_timedwait(&queue.condition, &queue.mutex, &deadline) == 0) continue;
    _exit(now_by(clock) - begun >= 29.9 ? 0 : 1);
  }
  CHECK_EQUAL(end_of(pid), 0);
}

TEST(a_child_waits_by_the_wall_clock_if_that_was_asked_for) { check_wait_of_a_child(CLOCK_REALTIME); }

TEST(a_child_waits_by_the_monotonic_clock_if_that_was_asked_for) { check_wait_of_a_child(CLOCK_MONOTONIC); }

TEST(new_threads_of_a_child_wait_and_are_woken_like_the_old) {
  static struct queue queue;
  park_threads(&queue, CLOCK_MONOTONIC);
  CHECK_EQUAL(fk_fork_prepare(), 0);
  pid_t pid = fk_fork();
  if (pid == 0) {
    queue.thread_count = 0;
    for (int i = 0; i < THREADS; i++) start(work, &queue);
    WAIT_FOR(all_are_parked(&queue));
    for (int i = 0; i < 100; i++) give(&queue);
    WAIT_FOR(done(&queue) == 101);
    _exit(0);
  }
  CHECK_EQUAL(end_of(pid), 0);
}

TEST(only_what_was_found_is_made_new) {
  static struct queue queue;
  CHECK_EQUAL(fk_phantoms_find(), 0);
  park_threads(&queue, CLOCK_REALTIME);
  pthread_cond_t was = queue.condition;
  fk_phantoms_forget(); /* they were not looked for again */
  CHECK(memcmp(&was, &queue.condition, sizeof was) == 0);
}
