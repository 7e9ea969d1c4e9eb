#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../sys/process.h"
#include "serving.h"
#include "support.h"
#include "test.h"

/* No more descriptors than the process has open now. */
static void allow_no_more_descriptors(void) {
  int lowest = dup(0);
  CHECK(lowest >= 0);
  close(lowest);
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = (rlim_t)lowest;
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static void allow_descriptors(pid_t pid) {
  struct rlimit limit = {.rlim_cur = 512, .rlim_max = 512};
  CHECK(prlimit(pid, RLIMIT_NOFILE, &limit, NULL) == 0);
}

/* How often a process has gone to sleep. */
static long sleeps(pid_t pid) {
  char path[64], line[256];
  long count = -1;
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  FILE *file = fopen(path, "r");
  while (file && fgets(line, sizeof line, file)) sscanf(line, "voluntary_ctxt_switches: %ld", &count);
  if (file) fclose(file);
  return count;
}

static void check_trouble_and_recovery(pid_t pid, int client) {
  WAIT_FOR(atomic_load(&reports->count) > 0);
  CHECK_EQUAL(reports->errors[0], EMFILE);
  CHECK_EQUAL(atomic_load(&fk_worker.header->accept_errno), EMFILE);
  long before = sleeps(pid);
  WAIT_FOR(sleeps(pid) > before + 3); /* it tries again, and sleeps longer */
  CHECK_EQUAL(reports->count, 1);
  allow_descriptors(pid);
  CHECK(is_served(client));
  WAIT_FOR(is_waiting(pid));
  CHECK_EQUAL(reports->count, 2);
  CHECK_EQUAL(reports->errors[1], 0);
  CHECK_EQUAL(atomic_load(&fk_worker.header->accept_errno), 0);
}

TEST(running_out_of_descriptors_is_reported_once_and_passes) {
  int listener = stage_server();
  pid_t pid = fork_worker();
  if (pid == 0) {
    close(accept_next()); /* by now it has all that it needs to wait */
    slot()->served = 0;
    allow_no_more_descriptors();
    serve_on();
  }
  WAIT_FOR(is_waiting(pid));
  connect_to(listener);
  WAIT_FOR(is_waiting(pid));
  check_trouble_and_recovery(pid, connect_to(listener));
}

TEST(a_worker_that_has_run_out_of_descriptors_by_serving_leaves) {
  int listener = stage_server();
  pid_t pid = fork_worker();
  if (pid == 0) {
    close(accept_next());
    allow_no_more_descriptors();
    _exit(accept_next() == -ECANCELED ? 0 : 1);
  }
  connect_to(listener);
  connect_to(listener);
  CHECK_EQUAL(end_of(pid), 0);
  CHECK_EQUAL(atomic_load(&reports->count), 1);
}

TEST(having_no_descriptor_to_wait_with_is_trouble_like_any_other) {
  int listener = stage_server();
  pid_t pid = fork_worker();
  if (pid == 0) {
    allow_no_more_descriptors();
    serve_on();
  }
  WAIT_FOR(atomic_load(&reports->count) > 0);
  check_trouble_and_recovery(pid, connect_to(listener));
}

TEST(a_worker_in_trouble_leaves_when_it_is_told_to) {
  int listener = stage_server();
  pid_t pid = fork_worker();
  if (pid == 0) {
    allow_no_more_descriptors();
    serve_on();
  }
  connect_to(listener);
  WAIT_FOR(atomic_load(&reports->count) > 0);
  fk_kill(pid, SIGTERM);
  CHECK_EQUAL(end_of(pid), 0);
}

TEST(of_many_workers_in_the_same_trouble_one_reports_it) {
  int listener = stage_server();
  for (int i = 0; i < 5; i++) {
    pid_t pid = fork_worker();
    if (pid == 0) {
      allow_no_more_descriptors();
      serve_on();
    }
    WAIT_FOR(sleeps(pid) > 1 && atomic_load(&reports->count) > 0);
  }
  CHECK_EQUAL(reports->count, 1);
  connect_to(listener);
}
