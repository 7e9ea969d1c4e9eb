#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "../sys/process.h"
#include "../sys/worker.h"
#include "spinning.h"
#include "support.h"
#include "test.h"

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
