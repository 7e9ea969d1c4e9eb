#define _GNU_SOURCE
#include "../sys/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support.h"
#include "test.h"

#define MIB (1024.0 * 1024)

static _Atomic int *noted; /* shared: how often a want of memory was noted */

static void note(void) { (*noted)++; }

/* Of all limits this one alone. */
static int limit(enum fk_limit which, double most) {
  double limits[FK_LIMITS];
  for (int i = 0; i < FK_LIMITS; i++) limits[i] = i == (int)which ? most : -1;
  return fk_limits_apply(limits);
}

static struct rlimit limit_of(int resource) {
  struct rlimit is;
  CHECK(getrlimit(resource, &is) == 0);
  return is;
}

static void check_limit(enum fk_limit which, double most, int resource, long soft, long hard) {
  CHECK_EQUAL(limit(which, most), 0);
  struct rlimit is = limit_of(resource);
  CHECK_EQUAL(is.rlim_cur, soft);
  CHECK_EQUAL(is.rlim_max, hard);
}

TEST(each_limit_is_set_and_cannot_be_raised) {
  check_limit(FK_LIMIT_CPU, 7, RLIMIT_CPU, 7, 8);
  check_limit(FK_LIMIT_OPEN_FILES, 17, RLIMIT_NOFILE, 17, 17);
  check_limit(FK_LIMIT_FILE_SIZE, 1000, RLIMIT_FSIZE, 1000, 1000);
  check_limit(FK_LIMIT_PROCESSES, 19, RLIMIT_NPROC, 19, 19);
  check_limit(FK_LIMIT_CORE, 0, RLIMIT_CORE, 0, 0);
  check_limit(FK_LIMIT_MEMORY, 4096 * MIB, RLIMIT_DATA, 4096L << 20, 4096L << 20);
}

TEST(what_is_not_limited_stays_as_it_was) {
  struct rlimit was = limit_of(RLIMIT_NOFILE);
  CHECK_EQUAL(limit(FK_LIMIT_CORE, 0), 0);
  struct rlimit is = limit_of(RLIMIT_NOFILE);
  CHECK(is.rlim_cur == was.rlim_cur && is.rlim_max == was.rlim_max);
}

TEST(a_limit_above_the_one_in_force_changes_nothing) {
  check_limit(FK_LIMIT_OPEN_FILES, 20, RLIMIT_NOFILE, 20, 20);
  check_limit(FK_LIMIT_OPEN_FILES, 30, RLIMIT_NOFILE, 20, 20);
  check_limit(FK_LIMIT_CPU, 5, RLIMIT_CPU, 5, 6);
  check_limit(FK_LIMIT_CPU, 50, RLIMIT_CPU, 6, 6);
}

TEST(too_many_descriptors_and_too_large_files_are_refused) {
  signal(SIGXFSZ, SIG_IGN);
  CHECK_EQUAL(limit(FK_LIMIT_FILE_SIZE, 10), 0);
  int fd = memfd_create("test", MFD_CLOEXEC);
  CHECK(write(fd, "0123456789", 10) == 10);
  CHECK(write(fd, "x", 1) < 0 && errno == EFBIG);
  CHECK_EQUAL(limit(FK_LIMIT_OPEN_FILES, fd + 2), 0);
  while (dup(fd) >= 0) continue;
  CHECK_EQUAL(errno, EMFILE);
}

TEST(too_much_processor_time_kills) {
  pid_t pid = child();
  if (pid == 0) {
    CHECK_EQUAL(limit(FK_LIMIT_CPU, 1), 0);
    for (;;) continue;
  }
  CHECK_EQUAL(end_of(pid), -SIGXCPU);
}

/* How a process ends that dies of `crash` with so much memory left; below 0: as much as there is. */
static int crash_with(double left, int crash) {
  pid_t pid = child();
  if (pid != 0) return end_of(pid);
  fk_limits_watch_memory(note);
  if (left >= 0) CHECK_EQUAL(limit(FK_LIMIT_MEMORY, left), 0);
  raise(crash);
  _exit(0);
}

TEST(a_crash_with_no_memory_left_is_told_from_others) {
  noted = shared(sizeof *noted);
  signal(SIGSEGV, SIG_DFL); /* AddressSanitizer's */
  int crashes[] = {SIGABRT, SIGTRAP, SIGSEGV};
  for (int i = 0; i < 3; i++) {
    *noted = 0;
    CHECK_EQUAL(crash_with(-1, crashes[i]), -crashes[i]);
    CHECK_EQUAL(*noted, 0);
    CHECK_EQUAL(crash_with(0, crashes[i]), -crashes[i]);
    CHECK_EQUAL(*noted, 1);
  }
}

static void settle(int number, siginfo_t *info, void *context) { (void)number, (void)info, (void)context; }

static void give_up(int number, siginfo_t *info, void *context) {
  (void)info, (void)context;
  signal(number, SIG_DFL);
  raise(number);
}

static int crash_after(void (*earlier)(int, siginfo_t *, void *)) {
  struct sigaction action = {.sa_sigaction = earlier, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, NULL);
  return crash_with(0, SIGSEGV);
}

TEST(a_handler_that_was_there_before_has_its_say) {
  noted = shared(sizeof *noted);
  CHECK_EQUAL(crash_after(settle), 0);
  CHECK_EQUAL(*noted, 0);
  CHECK_EQUAL(crash_after(give_up), -SIGSEGV);
  CHECK_EQUAL(*noted, 1);
}
