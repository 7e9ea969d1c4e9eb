#define _GNU_SOURCE
#include "../sys/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../sys/process.h"
#include "support.h"
#include "test.h"

static char *const none[] = {NULL};

/* A shell with these descriptors, doing that: how it ends. */
static pid_t spawn_shell(const char *script, const int *descriptors, int count) {
  char *const arguments[] = {"sh", "-c", (char *)script, NULL};
  struct fk_program shell = {"/bin/sh", arguments, none, descriptors, count};
  return fk_spawn(&shell, SIGUSR2);
}

static int end_of_shell(const char *script, const int *descriptors, int count) {
  pid_t pid = spawn_shell(script, descriptors, count);
  CHECK(pid > 0);
  return end_of(pid);
}

TEST(a_program_finds_what_it_was_passed_in_its_order) {
  int first = fk_sealed("first", 5), second = fk_sealed("second", 6);
  int both[] = {second, first};
  const char *script = "test \"$(cat /proc/self/fd/3)\" = second && test \"$(cat /proc/self/fd/4)\" = first";
  CHECK_EQUAL(end_of_shell(script, both, 2), 0);
}

TEST(descriptors_may_be_in_each_others_places) {
  CHECK(dup2(fk_sealed("first", 5), 50) == 50 && dup2(fk_sealed("second", 6), 51) == 51);
  CHECK(dup2(50, 4) == 4 && dup2(51, 3) == 3);
  int swapped[] = {4, 3};
  const char *script = "test \"$(cat /proc/self/fd/3)\" = first && test \"$(cat /proc/self/fd/4)\" = second";
  CHECK_EQUAL(end_of_shell(script, swapped, 2), 0);
}

TEST(a_program_gets_no_other_descriptor_and_the_parent_keeps_its_own) {
  int passed = open("/dev/null", O_RDONLY), other = dup2(passed, 100), before = descriptors();
  CHECK_EQUAL(end_of_shell("for fd in 4 5 6 7 8 9 100; do ! test -e /proc/$$/fd/$fd || exit 1; done; test -e /proc/$$/fd/3", &passed, 1), 0);
  CHECK(is_open(other));
  CHECK_EQUAL(descriptors(), before);
}

TEST(the_standard_descriptors_are_passed_though_they_are_close_on_exec) {
  for (int fd = 0; fd < 3; fd++) CHECK(fcntl(fd, F_SETFD, FD_CLOEXEC) == 0);
  CHECK_EQUAL(end_of_shell("test -e /proc/$$/fd/0 && test -e /proc/$$/fd/2", NULL, 0), 0);
}

static void ignore(int signal) { (void)signal; }

TEST(a_program_begins_with_default_dispositions_and_the_callers_mask) {
  sigset_t mask, after;
  signal(SIGUSR1, SIG_IGN);
  signal(SIGTERM, ignore);
  CHECK(sigprocmask(SIG_BLOCK, NULL, &mask) == 0);
  CHECK_EQUAL(end_of_shell("kill -USR1 $$; exit 1", NULL, 0), -SIGUSR1);
  CHECK_EQUAL(end_of_shell("kill -TERM $$; exit 1", NULL, 0), -SIGTERM);
  CHECK(sigprocmask(SIG_BLOCK, NULL, &after) == 0);
  for (int number = 1; number < NSIG; number++) CHECK_EQUAL(sigismember(&after, number), sigismember(&mask, number));
}

TEST(a_program_gets_its_arguments_and_its_environment_and_no_other) {
  char *const arguments[] = {"sh", "-c", "test \"$1 $NAME\" = 'argument value' && test -z \"$HOME\"", "sh", "argument", NULL};
  char *const environment[] = {"NAME=value", NULL};
  struct fk_program shell = {"/bin/sh", arguments, environment, NULL, 0};
  CHECK_EQUAL(end_of(fk_spawn(&shell, SIGUSR2)), 0);
}

TEST(a_program_that_is_not_there_leaves_no_process) {
  struct fk_program missing = {"/nowhere/at/all", none, none, NULL, 0};
  CHECK_EQUAL(fk_spawn(&missing, SIGUSR2), -ENOENT);
  struct fk_ended ended;
  CHECK_EQUAL(fk_ended(-1, &ended), 0);
}

TEST(a_limit_of_descriptors_is_named) {
  int passed = open("/dev/null", O_RDONLY);
  struct rlimit few = {3, 3};
  CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
  CHECK_EQUAL(spawn_shell("exit 0", &passed, 1), -EMFILE);
}

TEST(a_program_is_told_when_its_parent_dies) {
  _Atomic pid_t *program = shared(sizeof *program);
  CHECK_EQUAL(fk_become_subreaper(), 0);
  pid_t parent = child();
  if (parent == 0) {
    *program = spawn_shell("while :; do sleep 1; done", NULL, 0);
    for (;;) pause();
  }
  WAIT_FOR(*program > 0);
  fk_kill(parent, SIGKILL);
  CHECK_EQUAL(end_of(parent), -SIGKILL);
  CHECK_EQUAL(end_of(*program), -SIGUSR2);
}

TEST(sealed_memory_holds_the_bytes_and_cannot_be_changed) {
  char bytes[8] = {0};
  int memfd = fk_sealed("briefing", 8);
  CHECK(pread(memfd, bytes, sizeof bytes, 0) == 8 && memcmp(bytes, "briefing", 8) == 0);
  CHECK(is_close_on_exec(memfd));
  CHECK(pwrite(memfd, "x", 1, 0) < 0 && errno == EPERM);
  CHECK(ftruncate(memfd, 0) < 0 && errno == EPERM);
  CHECK(mmap(NULL, 8, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0) == MAP_FAILED);
}
