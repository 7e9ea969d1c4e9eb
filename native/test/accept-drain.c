#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../sys/process.h"
#include "../sys/stream.h"
#include "serving.h"
#include "support.h"
#include "test.h"

TEST(a_waiting_worker_that_is_told_to_drain_leaves) {
  int listener = stage_server();
  pid_t pid = fork_server();
  WAIT_FOR(is_waiting(pid));
  fk_kill(pid, SIGTERM);
  CHECK_EQUAL(end_of(pid), 0);
  CHECK_EQUAL(state(), FK_IDLE);
  CHECK_EQUAL(slot()->served, 0);
  CHECK_EQUAL(atomic_load(&slot()->outcome), FK_NONE);
  connect_to(listener);
}

TEST(a_waiting_worker_without_parents_leaves) {
  stage_server();
  fk_worker.supervisor = 1 << 22;
  pid_t pid = fork_worker();
  if (pid == 0) {
    fk_worker.zygote = 1 << 22;
    serve_on();
  }
  WAIT_FOR(is_waiting(pid));
  fk_kill(pid, FK_ORPHANED);
  CHECK_EQUAL(end_of(pid), 0);
}

TEST(a_waiting_worker_of_the_supervisors_stays) {
  int listener = stage_server();
  fk_worker.supervisor = getpid();
  pid_t pid = fork_server();
  for (int i = 0; i < 20; i++) {
    WAIT_FOR(is_waiting(pid));
    fk_kill(pid, FK_ORPHANED);
  }
  CHECK(is_served(connect_to(listener)));
}

TEST(a_drain_that_came_before_the_wait_is_not_slept_through) {
  stage_server();
  pid_t pid = fork_worker();
  if (pid == 0) {
    raise(SIGTERM); /* blocked: it is pending now */
    CHECK(!fk_worker_draining());
    CHECK_EQUAL(accept_next(), -ECANCELED);
    CHECK(fk_worker_draining());
    CHECK(!is_open(fk_worker.listeners[0]));
    CHECK_EQUAL(accept_next(), -ECANCELED);
    _exit(0);
  }
  CHECK_EQUAL(end_of(pid), 0);
}

TEST(a_connection_taken_as_the_drain_comes_is_served) {
  int client = connect_to(stage_server());
  pid_t pid = fork_worker();
  if (pid == 0) {
    raise(SIGTERM);
    int fd = accept_next();
    CHECK(fd >= 0);
    CHECK(fk_worker_draining());
    CHECK_EQUAL(state(), FK_DRAINING);
    CHECK(!is_open(fk_worker.listeners[0]));
    CHECK_EQUAL(fk_write_all(fd, "!", 1, 0), 0);
    _exit(0);
  }
  CHECK(is_served(client));
  CHECK_EQUAL(end_of(pid), 0);
}

static double random_moment(double mean_ms) { return mean_ms * 2 * (double)random() / RAND_MAX; }

static void spin_for(double ms) {
  double until = fk_now_ms() + ms;
  while (fk_now_ms() < until) continue;
}

/*
 * A signal at a random moment around that at which a worker accepts: the connection is served, or it stays in the
 * backlog, whence this process takes it. The moments are drawn closer to where both happen.
 */
TEST(a_thousand_drains_lose_no_connection) {
  int listener = stage_server(), served = 0, left = 0;
  double mean = 0.1;
  for (int round = 0; round < 1000; round++) {
    slot()->served = 0;
    pid_t pid = fork_server();
    if (random() % 2) WAIT_FOR(is_waiting(pid));
    int client = connect_to(listener);
    spin_for(random_moment(mean));
    fk_kill(pid, SIGTERM);
    CHECK_EQUAL(end_of(pid), 0);
    int in_backlog = accept(listener, NULL, NULL);
    if (slot()->served == 1) {
      CHECK(in_backlog < 0);
      CHECK(is_served(client));
      served++;
      mean *= 0.9;
    } else {
      CHECK(in_backlog >= 0);
      close(in_backlog);
      close(client);
      left++;
      mean = mean * 1.1 + 0.001;
    }
  }
  CHECK_EQUAL(reports->count, 0);
  CHECK_EQUAL(served + left, 1000);
  CHECK(served > 0);
}

/* Of two that wait one is woken for the connection; if that one leaves instead, the other must hear of it. */
TEST(a_worker_that_leaves_as_it_is_woken_leaves_the_connection_to_another) {
  int listener = stage_server();
  for (int round = 0; round < 200; round++) {
    slot()->served = 0;
    pid_t first = fork_server();
    WAIT_FOR(is_waiting(first));
    atomic_store(&slot()->state, FK_STARTING);
    pid_t second = fork_server();
    WAIT_FOR(is_waiting(second));
    int client = connect_to(listener);
    spin_for(random_moment(0.02));
    fk_kill(round % 2 ? first : second, SIGTERM);
    CHECK(is_served(client));
    fk_kill(first, SIGKILL);
    fk_kill(second, SIGKILL);
    end_of(first);
    end_of(second);
  }
}
