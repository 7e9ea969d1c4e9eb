#define _GNU_SOURCE
#include "../sys/progress.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support.h"
#include "test.h"

static char bytes[64 * 1024];

static void fill(int fd) {
  while (send(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0) continue;
  CHECK_EQUAL(errno, EAGAIN);
}

static int waiting(int fd) {
  int left = 0;
  CHECK(ioctl(fd, SIOCOUTQ, &left) == 0);
  return left;
}

/* Until the peer's system has taken all that it takes for a peer that does not read. */
static void settle(int fd) {
  do fill(fd);
  while (fk_peer_is_reading(fd));
}

static void check_slow_reader(int ends[2]) {
  settle(ends[0]);
  CHECK(waiting(ends[0]) > 0);
  CHECK_EQUAL(fk_peer_is_reading(ends[0]), 0);
  for (int i = 0; i < 3; i++) {
    WAIT_FOR(read(ends[1], bytes, sizeof bytes) > 0 && fk_peer_is_reading(ends[0]));
    settle(ends[0]);
  }
}

TEST(a_tcp_peer_that_reads_is_told_from_one_that_does_not) {
  int ends[2];
  tcp_pair(ends);
  check_slow_reader(ends);
}

TEST(a_unix_peer_that_reads_is_told_from_one_that_does_not) {
  int ends[2];
  unix_pair(ends);
  check_slow_reader(ends);
}

TEST(a_peer_that_has_taken_all_is_not_reading) {
  int ends[2];
  tcp_pair(ends);
  CHECK(send(ends[0], "x", 1, 0) == 1);
  WAIT_FOR(waiting(ends[0]) == 0);
  CHECK_EQUAL(fk_peer_is_reading(ends[0]), 0);
}

TEST(of_a_new_connection_nothing_was_asked_yet) {
  int ends[2];
  tcp_pair(ends);
  settle(ends[0]);
  CHECK_EQUAL(fk_peer_is_reading(ends[0]), 0);
  fk_progress_reset();
  CHECK_EQUAL(fk_peer_is_reading(ends[0]), 1);
}

TEST(what_is_no_socket_is_not_read_by_a_peer) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  CHECK_EQUAL(fk_peer_is_reading(ends[0]), 0);
  CHECK_EQUAL(fk_peer_is_reading(-1), 0);
}
