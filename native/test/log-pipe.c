#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../sys/stream.h"
#include "support.h"
#include "test.h"

static int ends[2]; /* the reader's, and the writers' */

static char record[4096];

static void fill(int fd) {
  fcntl(fd, F_SETFL, O_NONBLOCK);
  while (write(fd, record, sizeof record) > 0) continue;
  CHECK_EQUAL(errno, EAGAIN);
  fcntl(fd, F_SETFL, 0);
}

TEST(a_log_record_goes_into_the_pipe_in_one_piece) {
  CHECK(pipe(ends) == 0);
  CHECK_EQUAL(fk_log_write(ends[1], "a record\n", 9), 0);
  CHECK_EQUAL(read(ends[0], record, sizeof record), 9);
  CHECK(memcmp(record, "a record\n", 9) == 0);
}

TEST(a_log_that_nobody_reads_does_not_hold_the_writer) {
  CHECK(pipe(ends) == 0);
  fill(ends[1]);
  CHECK_EQUAL(fk_log_write(ends[1], record, sizeof record), -EAGAIN);
  CHECK_EQUAL(read(ends[0], record, sizeof record), sizeof record);
  CHECK_EQUAL(fk_log_write(ends[1], record, sizeof record), 0);
}

TEST(a_log_that_is_read_again_gets_its_record) {
  CHECK(pipe(ends) == 0);
  fill(ends[1]);
  pid_t writer = getpid(), pid = child();
  if (pid == 0) {
    WAIT_FOR(is_asleep(writer));
    CHECK(read(ends[0], record, sizeof record) > 0);
    _exit(0);
  }
  CHECK_EQUAL(fk_log_write(ends[1], record, sizeof record), 0);
  CHECK_EQUAL(end_of(pid), 0);
}

TEST(a_log_whose_reader_is_gone_fails) {
  CHECK(pipe(ends) == 0);
  signal(SIGPIPE, SIG_IGN); /* as Node does it */
  close(ends[0]);
  CHECK_EQUAL(fk_log_write(ends[1], record, sizeof record), -EPIPE);
}

/* Room for one record, and many who have seen that. */
static void check_that_none_is_held(void) {
  enum { WRITERS = 8 };
  pid_t writers[WRITERS];
  CHECK(pipe(ends) == 0);
  fill(ends[1]);
  for (int writer = 0; writer < WRITERS; writer++) {
    writers[writer] = child();
    if (writers[writer] == 0) _exit(fk_log_write(ends[1], record, sizeof record) == 0 ? 1 : 0);
  }
  for (int writer = 0; writer < WRITERS; writer++) WAIT_FOR(is_asleep(writers[writer]));
  CHECK(read(ends[0], record, sizeof record) > 0);
  int written = 0;
  for (int writer = 0; writer < WRITERS; writer++) written += end_of(writers[writer]);
  CHECK(written <= 1);
  close(ends[0]);
  close(ends[1]);
}

TEST(of_many_writers_none_is_held_by_a_log_that_nobody_reads) {
  CHECK(pipe(ends) == 0);
  if (pwritev2(ends[1], &(struct iovec){record, 1}, 1, -1, RWF_NOWAIT) < 0)
    test_skip("pipes cannot refuse to wait before Linux 6.4");
  for (int round = 0; round < 5; round++) check_that_none_is_held();
}

TEST(what_a_full_pipe_does_not_take_is_not_waited_for) {
  static char much[2 * sizeof record];
  CHECK(pipe(ends) == 0);
  CHECK_EQUAL(fk_write_ready(ends[1], much, sizeof much), sizeof record);
  fill(ends[1]);
  CHECK_EQUAL(fk_write_ready(ends[1], record, 1), -EAGAIN);
  CHECK_EQUAL(read(ends[0], record, sizeof record), sizeof record);
  CHECK_EQUAL(fk_write_ready(ends[1], record, 1), 1);
  signal(SIGPIPE, SIG_IGN);
  close(ends[0]);
  CHECK_EQUAL(fk_write_ready(ends[1], record, 1), -EPIPE);
}

TEST(a_full_disk_is_told) {
  int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  CHECK_EQUAL(fk_write_ready(full, record, 1), -ENOSPC);
  close(full);
}
