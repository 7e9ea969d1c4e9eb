#define _GNU_SOURCE
#include "../sys/bell.h"

#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../sys/worker.h"
#include "support.h"
#include "test.h"

static int sleeps_at_the_bell(pid_t pid) { return sleeps_in(pid, pid, SYS_futex, NULL); }

TEST(a_bell_that_rang_since_it_was_looked_at_is_not_waited_for) {
  struct fk_header *header = shared(sizeof *header);
  uint32_t seen = atomic_load(&header->bell);
  fk_bell_ring(header);
  fk_bell_wait(header, seen, -1);
  CHECK_EQUAL(atomic_load(&header->bell), 1);
}

TEST(a_ring_wakes_the_sleeper) {
  struct fk_header *header = shared(sizeof *header);
  pid_t pid = child();
  if (pid == 0) {
    fk_bell_wait(header, 0, -1);
    _exit(0);
  }
  WAIT_FOR(sleeps_at_the_bell(pid));
  CHECK_EQUAL(atomic_load(&header->bell_waiting), 1);
  fk_bell_ring(header);
  CHECK_EQUAL(end_of(pid), 0);
  CHECK_EQUAL(atomic_load(&header->bell_waiting), 0);
}

TEST(a_sleeper_that_is_noted_as_awake_can_be_woken) {
  struct fk_header *header = shared(sizeof *header);
  pid_t pid = child();
  if (pid == 0) {
    fk_bell_wait(header, 0, -1);
    _exit(0);
  }
  WAIT_FOR(sleeps_at_the_bell(pid));
  atomic_store(&header->bell_waiting, 0);
  fk_bell_wake(header);
  CHECK_EQUAL(end_of(pid), 0);
}

TEST(the_wait_ends_when_its_time_is_up_and_not_before) {
  struct fk_header *header = shared(sizeof *header);
  double begun = fk_now_ms();
  fk_bell_wait(header, 0, 30.5);
  CHECK(fk_now_ms() - begun >= 30.5);
  fk_bell_wait(header, 0, 0);
}

/* Each ringer posts a thing, rings, and goes on only when it was taken: a ring that is lost stops the whole. */
TEST(no_ring_is_lost_of_many_ringers) {
  enum { RINGERS = 4, EACH = 1500 };
  struct table {
    struct fk_header header;
    _Atomic int posted[RINGERS], taken[RINGERS];
  } *table = shared(sizeof *table);
  pid_t ringers[RINGERS];
  for (int ringer = 0; ringer < RINGERS; ringer++) {
    ringers[ringer] = child();
    if (ringers[ringer] != 0) continue;
    for (int i = 1; i <= EACH; i++) {
      atomic_store(&table->posted[ringer], i);
      fk_bell_ring(&table->header);
      while (atomic_load(&table->taken[ringer]) != i) sched_yield();
    }
    _exit(0);
  }
  for (int taken = 0; taken < RINGERS * EACH;) {
    uint32_t seen = atomic_load(&table->header.bell);
    int before = taken;
    for (int ringer = 0; ringer < RINGERS; ringer++) {
      int posted = atomic_load(&table->posted[ringer]);
      if (atomic_exchange(&table->taken[ringer], posted) != posted) taken++;
    }
    if (taken == before) fk_bell_wait(&table->header, seen, -1);
  }
  for (int ringer = 0; ringer < RINGERS; ringer++) CHECK_EQUAL(end_of(ringers[ringer]), 0);
}

TEST(the_end_of_a_child_rings) {
  struct fk_header *header = shared(sizeof *header);
  CHECK_EQUAL(fk_bell_ring_on_sigchld(header), 0);
  pid_t pid = child();
  if (pid == 0) _exit(0);
  fk_bell_wait(header, 0, -1);
  CHECK(atomic_load(&header->bell) > 0);
  CHECK_EQUAL(end_of(pid), 0);
}

TEST(the_end_of_a_child_wakes_the_sleeper) {
  struct fk_header *header = shared(sizeof *header);
  CHECK_EQUAL(fk_bell_ring_on_sigchld(header), 0);
  pid_t zygote = getpid(), pid = child();
  if (pid == 0) {
    WAIT_FOR(sleeps_at_the_bell(zygote));
    _exit(0);
  }
  fk_bell_wait(header, 0, -1);
  CHECK_EQUAL(atomic_load(&header->bell), 1);
}

TEST(a_child_that_is_stopped_does_not_ring) {
  struct fk_header *header = shared(sizeof *header);
  CHECK_EQUAL(fk_bell_ring_on_sigchld(header), 0);
  pid_t pid = child();
  if (pid == 0) for (;;) pause();
  kill(pid, SIGSTOP);
  CHECK_EQUAL(waitpid(pid, NULL, WUNTRACED), pid);
  CHECK_EQUAL(atomic_load(&header->bell), 0);
}
