#define _GNU_SOURCE
#include "../sys/fork.h"

#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support.h"
#include "test.h"

#define LENGTH (64 * 1024)

static char *map_not_for_children(int flags, char fill) {
  char *memory = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  memset(memory, fill, LENGTH);
  CHECK(madvise(memory, LENGTH, MADV_DONTFORK) == 0);
  return memory;
}

/* In a child of `a_fork`: whether the memory is there. */
static int child_has(pid_t (*a_fork)(void), const char *memory) {
  pid_t pid = a_fork();
  CHECK(pid >= 0);
  if (pid == 0) _exit(is_mapped(memory) ? 1 : 0);
  int status = end_of(pid);
  CHECK(status == 0 || status == 1);
  return status;
}

TEST(memory_kept_from_children_is_theirs_all_the_same) {
  char *memory = map_not_for_children(MAP_PRIVATE, 'a');
  CHECK(!child_has(fork, memory));
  CHECK(child_has(fk_fork, memory));
}

TEST(a_child_has_the_contents_and_its_writes_are_its_own) {
  char *memory = map_not_for_children(MAP_PRIVATE, 'a');
  pid_t pid = fk_fork();
  if (pid == 0) {
    for (int i = 0; i < LENGTH; i++) CHECK(memory[i] == 'a');
    memset(memory, 'b', LENGTH);
    _exit(0);
  }
  CHECK_EQUAL(end_of(pid), 0);
  CHECK_EQUAL(memory[LENGTH - 1], 'a');
}

TEST(mappings_that_came_since_the_last_fork_are_not_forgotten) {
  for (int round = 0; round < 20; round++) CHECK(child_has(fk_fork, map_not_for_children(MAP_PRIVATE, 'c')));
}

TEST(shared_memory_that_is_kept_from_children_stays_so) {
  CHECK(!child_has(fk_fork, map_not_for_children(MAP_SHARED, 'd')));
}

TEST(a_fork_that_fails_says_why) {
  pid_t pid = child();
  if (pid == 0) {
    struct rlimit none = {0, 0};
    CHECK(setrlimit(RLIMIT_NPROC, &none) == 0);
    if (getuid() == 0) CHECK(setgroups(0, NULL) == 0 && setuid(65534) == 0); /* root is not held to the limit */
    CHECK(prctl(PR_SET_DUMPABLE, 1) == 0);                                   /* or /proc/self would be root's now */
    CHECK_EQUAL(fk_fork(), -EAGAIN);
    _exit(0);
  }
  CHECK_EQUAL(end_of(pid), 0);
}

static _Atomic int spin = 1, spinning;

static void *spin_for_a_while(void *nothing) {
  for (spinning = 1; spin;) continue;
  return nothing;
}

TEST(a_thread_that_runs_is_counted) {
  pthread_t thread;
  CHECK_EQUAL(fk_fork_prepare(), 0);
  CHECK(pthread_create(&thread, NULL, spin_for_a_while, NULL) == 0);
  WAIT_FOR(spinning);
  CHECK_EQUAL(fk_fork_prepare(), 1);
  spin = 0;
  pthread_join(thread, NULL);
  CHECK_EQUAL(fk_fork_prepare(), 0);
}

TEST(looking_at_the_threads_leaves_nothing_open) {
  int before = descriptors();
  for (int i = 0; i < 3; i++) CHECK_EQUAL(fk_fork_prepare(), 0);
  CHECK_EQUAL(descriptors(), before);
}
