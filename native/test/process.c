#define _GNU_SOURCE
#include "../sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "support.h"
#include "test.h"

static struct fk_ended reap(pid_t pid) {
  struct fk_ended ended;
  WAIT_FOR(fk_ended(pid, &ended) > 0);
  CHECK_EQUAL(fk_reap(ended.pid), 0);
  return ended;
}

TEST(an_exit_is_told_from_a_signal) {
  pid_t exits = child();
  if (exits == 0) _exit(42);
  pid_t killed = child();
  if (killed == 0) for (;;) pause();
  CHECK_EQUAL(fk_kill(killed, SIGKILL), 0);
  struct fk_ended ended = reap(exits);
  CHECK_EQUAL(ended.pid, exits);
  CHECK_EQUAL(ended.exit_status, 42);
  CHECK_EQUAL(ended.signal, 0);
  ended = reap(killed);
  CHECK_EQUAL(ended.pid, killed);
  CHECK_EQUAL(ended.exit_status, -1);
  CHECK_EQUAL(ended.signal, SIGKILL);
}

TEST(a_child_of_those_that_have_ended_is_reaped_with_what_it_used) {
  pid_t pid = child();
  if (pid == 0) {
    volatile double waste = 1;
    for (int i = 0; i < 30000000; i++) waste *= 1.0000001;
    _exit(0);
  }
  struct fk_ended ended = reap(-1);
  CHECK_EQUAL(ended.pid, pid);
  CHECK(ended.user_ms + ended.system_ms > 0);
  CHECK(ended.max_rss_kib > 0);
}

TEST(there_is_none_to_reap_while_children_live_or_when_there_are_none) {
  struct fk_ended ended;
  CHECK_EQUAL(fk_ended(-1, &ended), 0);
  pid_t pid = child();
  if (pid == 0) for (;;) pause();
  CHECK_EQUAL(fk_ended(-1, &ended), 0);
  CHECK_EQUAL(fk_ended(pid, &ended), 0);
  CHECK_EQUAL(fk_ended(getppid(), &ended), 0);
}

TEST(one_child_can_be_reaped_and_the_others_left) {
  pid_t first = child();
  if (first == 0) _exit(1);
  pid_t second = child();
  if (second == 0) _exit(2);
  CHECK_EQUAL(reap(second).exit_status, 2);
  CHECK_EQUAL(end_of(first), 1);
}

TEST(a_child_that_has_ended_stays_until_it_is_reaped) {
  pid_t pid = child();
  if (pid == 0) _exit(3);
  struct fk_ended ended;
  WAIT_FOR(fk_ended(-1, &ended) == pid);
  CHECK_EQUAL(fk_ended(pid, &ended), pid);
  CHECK_EQUAL(fk_kill(pid, 0), 0);
  CHECK_EQUAL(reap(pid).exit_status, 3);
  CHECK_EQUAL(fk_ended(pid, &ended), 0);
  CHECK_EQUAL(fk_ended(-1, &ended), 0);
}

TEST(a_pipe_is_close_on_exec_and_as_large_as_it_may_be) {
  int ends[2];
  CHECK_EQUAL(fk_pipe(ends, 256 * 1024), 0);
  CHECK(is_close_on_exec(ends[0]) && is_close_on_exec(ends[1]));
  CHECK(fcntl(ends[1], F_GETPIPE_SZ) >= 64 * 1024);
  CHECK_EQUAL(fk_pipe(ends, -1), 0);
  CHECK(write(ends[1], "x", 1) == 1);
}

TEST(whom_a_signal_cannot_reach_is_said) {
  pid_t pid = child();
  if (pid == 0) _exit(0);
  CHECK_EQUAL(end_of(pid), 0);
  CHECK_EQUAL(fk_kill(pid, SIGTERM), -ESRCH);
  CHECK_EQUAL(fk_kill(getpid(), 1000), -EINVAL);
}

TEST(a_subreaper_adopts_its_orphaned_descendants) {
  _Atomic pid_t *grandchild = shared(sizeof *grandchild);
  CHECK_EQUAL(fk_become_subreaper(), 0);
  pid_t pid = child();
  if (pid == 0) {
    if (child() != 0) _exit(0);
    *grandchild = getpid();
    for (;;) pause();
  }
  CHECK_EQUAL(end_of(pid), 0);
  WAIT_FOR(*grandchild > 0);
  CHECK_EQUAL(fk_kill(*grandchild, SIGKILL), 0);
  CHECK_EQUAL(end_of(*grandchild), -SIGKILL);
}

TEST(a_child_dies_with_its_parent) {
  _Atomic pid_t *grandchild = shared(sizeof *grandchild);
  fk_become_subreaper();
  pid_t parent = child();
  if (parent == 0) {
    pid_t middle = getpid();
    if (child() == 0) {
      CHECK_EQUAL(fk_die_with_parent(middle, SIGUSR2), 0);
      *grandchild = getpid();
    }
    for (;;) pause();
  }
  WAIT_FOR(*grandchild > 0);
  kill(parent, SIGKILL);
  CHECK_EQUAL(end_of(parent), -SIGKILL);
  CHECK_EQUAL(end_of(*grandchild), -SIGUSR2);
}

TEST(a_parent_that_is_gone_already_is_noticed) {
  fk_become_subreaper();
  pid_t self = getpid(), parent = child();
  if (parent == 0) {
    pid_t middle = getpid();
    if (child() != 0) _exit(0);
    WAIT_FOR(getppid() == self);
    CHECK_EQUAL(fk_die_with_parent(middle, SIGKILL), -ESRCH);
    _exit(7);
  }
  CHECK_EQUAL(end_of(parent), 0);
  CHECK_EQUAL(end_of(-1), 7);
}

TEST(programs_started_from_now_on_do_not_get_the_descriptors) {
  int kept = open("/dev/null", O_RDONLY), first = open("/dev/null", O_RDONLY), last = dup2(first, first + 100);
  CHECK_EQUAL(fk_close_on_exec_from((unsigned)first), 0);
  CHECK(!is_close_on_exec(kept));
  CHECK(is_close_on_exec(first));
  CHECK(is_close_on_exec(last));
}

TEST(a_descriptor_becomes_another_name_and_is_passed_on_to_programs) {
  int first[2], second[2];
  CHECK_EQUAL(fk_pipe(first, 4096), 0);
  CHECK_EQUAL(fk_pipe(second, 4096), 0);
  CHECK_EQUAL(fk_duplicate(first[1], second[1]), 0);
  CHECK_EQUAL(write(second[1], "x", 1), 1);
  char got;
  CHECK_EQUAL(read(first[0], &got, 1), 1);
  CHECK_EQUAL(fcntl(second[1], F_GETFD), 0);
  CHECK_EQUAL(fk_duplicate(1 << 20, second[1]), -EBADF);
}
