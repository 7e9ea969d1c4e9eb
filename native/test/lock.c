#define _GNU_SOURCE
#include "../sys/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support.h"
#include "test.h"

static char path[] = "/tmp/forkd-lock-XXXXXX";

static int open_again(void) {
  int fd = open(path, O_RDWR | O_CLOEXEC);
  CHECK(fd >= 0);
  return fd;
}

static int make_file(void) {
  int fd = mkstemp(path);
  CHECK(fd >= 0);
  return fd;
}

TEST(a_lock_has_one_holder_and_whoever_asks_takes_nothing) {
  int holder = make_file(), other = open_again();
  CHECK_EQUAL(fk_is_locked(other), 0);
  CHECK_EQUAL(fk_lock(holder), 0);
  CHECK_EQUAL(fk_is_locked(other), 1);
  CHECK_EQUAL(fk_lock(other), -EAGAIN);
  close(holder);
  CHECK_EQUAL(fk_is_locked(other), 0);
  CHECK_EQUAL(fk_lock(other), 0);
  unlink(path);
}

TEST(a_lock_ends_with_its_process_however_that_ends) {
  int fd = make_file();
  pid_t holder = child();
  if (holder == 0) {
    CHECK_EQUAL(fk_lock(open_again()), 0);
    for (;;) pause();
  }
  WAIT_FOR(fk_is_locked(fd) == 1);
  kill(holder, SIGKILL);
  CHECK_EQUAL(end_of(holder), -SIGKILL);
  CHECK_EQUAL(fk_is_locked(fd), 0);
  unlink(path);
}
