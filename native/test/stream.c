#define _GNU_SOURCE
#include "../sys/stream.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../sys/progress.h"
#include "../sys/worker.h"
#include "support.h"
#include "test.h"

#define MUCH (4 * 1024 * 1024)
#define NEVER_MS 3600e3

static int ends[2]; /* the worker's, and its peer's */

static void be_worker_with(void (*pair)(int[2]), double idle_timeout_ms) {
  pair(ends);
  be_worker();
  fk_worker.connection = ends[0];
  fk_worker.idle_timeout_ms = idle_timeout_ms;
  fk_deadlines_arm();
}

static double bytes_in(void) { return fk_worker.slot->bytes_in; }

static double bytes_out(void) { return fk_worker.slot->bytes_out; }

TEST(what_the_peer_sends_is_read_and_counted) {
  char bytes[64];
  be_worker_with(tcp_pair, 0);
  CHECK(send(ends[1], "hello", 5, 0) == 5);
  CHECK_EQUAL(fk_read(ends[0], bytes, sizeof bytes), 5);
  CHECK(memcmp(bytes, "hello", 5) == 0);
  close(ends[1]);
  CHECK_EQUAL(fk_read(ends[0], bytes, sizeof bytes), 0);
  CHECK_EQUAL(bytes_in(), 5);
}

TEST(reading_after_a_reset_fails) {
  char bytes[64];
  be_worker_with(tcp_pair, 0);
  reset(ends[1]);
  CHECK_EQUAL(fk_read(ends[0], bytes, sizeof bytes), -ECONNRESET);
}

TEST(reading_ends_at_the_deadline) {
  char bytes[64];
  be_worker_with(tcp_pair, 40);
  CHECK_EQUAL(fk_read(ends[0], bytes, sizeof bytes), -ETIMEDOUT);
  CHECK_EQUAL(fk_deadline_passed(), FK_IDLE_TIMEOUT);
  fk_deadlines_disarm();
}

/* Begun after the timer rang, and with nothing to wake it but the next ring. */
TEST(reading_begun_after_the_deadline_ends_too) {
  char bytes[64];
  be_worker_with(tcp_pair, 10);
  WAIT_FOR(fk_deadline_passed() == FK_IDLE_TIMEOUT);
  CHECK_EQUAL(fk_read(ends[0], bytes, sizeof bytes), -ETIMEDOUT);
  fk_deadlines_disarm();
}

static void ignore(int signal) { (void)signal; }

/* A child that interrupts this process's `call` so many times, and then does what is wanted. */
static pid_t interrupt(long call, int times) {
  struct sigaction action = {.sa_handler = ignore};
  sigaction(SIGUSR1, &action, NULL);
  pid_t worker = getpid(), pid = child();
  for (int i = 0; pid == 0 && i < times; i++) {
    WAIT_FOR(sleeps_in(worker, worker, call, NULL));
    kill(worker, SIGUSR1);
  }
  return pid;
}

TEST(signals_do_not_end_a_read) {
  char bytes[64];
  be_worker_with(tcp_pair, NEVER_MS);
  pid_t pid = interrupt(SYS_recvfrom, 50);
  if (pid == 0) {
    CHECK(send(ends[1], "late", 4, 0) == 4);
    _exit(0);
  }
  CHECK_EQUAL(fk_read(ends[0], bytes, sizeof bytes), 4);
  CHECK_EQUAL(end_of(pid), 0);
}

/* With small buffers: what the peer takes shows soon, and the kernel cannot take all of MUCH for it. */
static void narrow_tcp_pair(int pair[2]) {
  int size = 16 * 1024;
  tcp_pair(pair);
  CHECK(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size) == 0);
  CHECK(setsockopt(pair[1], SOL_SOCKET, SO_RCVBUF, &size, sizeof size) == 0);
}

static char *pattern(void) {
  char *bytes = malloc(MUCH);
  for (int i = 0; i < MUCH; i++) bytes[i] = (char)(i * 31 + i / 4096);
  return bytes;
}

static void read_exactly(int fd, char *bytes, size_t length) {
  for (size_t done = 0; done < length;) {
    ssize_t got = read(fd, bytes + done, length - done);
    CHECK(got > 0);
    done += (size_t)got;
  }
}

static void check_all_is_written(void (*pair)(int[2])) {
  char *bytes = pattern();
  be_worker_with(pair, NEVER_MS);
  pid_t pid = interrupt(SYS_sendto, 50);
  if (pid == 0) {
    char *got = malloc(MUCH);
    read_exactly(ends[1], got, MUCH);
    CHECK(memcmp(got, bytes, MUCH) == 0);
    CHECK(recv(ends[1], got, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN);
    _exit(0);
  }
  CHECK_EQUAL(fk_write_all(ends[0], bytes, MUCH, 0), 0);
  CHECK_EQUAL(bytes_out(), MUCH);
  CHECK_EQUAL(end_of(pid), 0);
}

TEST(signals_and_partial_writes_lose_and_double_nothing) { check_all_is_written(narrow_tcp_pair); }

TEST(signals_and_partial_writes_lose_and_double_nothing_by_unix) { check_all_is_written(unix_pair); }

static int write_until_it_fails(void) {
  int result;
  do result = fk_write_all(ends[0], "x", 1, 0);
  while (result == 0);
  return result;
}

TEST(writing_to_a_peer_that_is_gone_fails_and_is_no_signal) {
  be_worker_with(tcp_pair, 0);
  reset(ends[1]);
  int result = write_until_it_fails();
  CHECK(result == -ECONNRESET || result == -EPIPE);
  CHECK_EQUAL(write_until_it_fails(), -EPIPE);
}

TEST(a_peer_that_never_reads_is_idle) {
  be_worker_with(tcp_pair, 60);
  char *bytes = pattern();
  int result;
  do result = fk_write_all(ends[0], bytes, MUCH, 0); /* the kernel may take that much for it */
  while (result == 0);
  CHECK_EQUAL(result, -ETIMEDOUT);
  CHECK_EQUAL(fk_deadline_passed(), FK_IDLE_TIMEOUT);
  fk_deadlines_disarm();
}

/* Reads a little at a time until the worker's idle deadline was put off twice, then the rest. */
static void read_slowly(char *got) {
  double deadline = fk_worker.slot->idle_deadline;
  size_t done = 0;
  for (int put_off = 0; put_off < 2 && done < MUCH / 2; done += 1024) {
    read_exactly(ends[1], got + done, 1024);
    test_nap();
    if (fk_worker.slot->idle_deadline == deadline) continue;
    deadline = fk_worker.slot->idle_deadline;
    put_off++;
  }
  read_exactly(ends[1], got + done, MUCH - done);
}

static void check_slow_reader(void (*pair)(int[2])) {
  char *bytes = pattern();
  be_worker_with(pair, 500);
  pid_t pid = child();
  if (pid == 0) {
    char *got = malloc(MUCH);
    read_slowly(got);
    CHECK(memcmp(got, bytes, MUCH) == 0);
    _exit(0);
  }
  CHECK_EQUAL(fk_write_all(ends[0], bytes, MUCH, 0), 0);
  fk_deadlines_disarm();
  CHECK_EQUAL(end_of(pid), 0);
}

TEST(a_peer_that_reads_slowly_is_not_idle) { check_slow_reader(narrow_tcp_pair); }

TEST(a_peer_that_reads_slowly_is_not_idle_by_unix) { check_slow_reader(unix_pair); }

TEST(what_was_written_before_a_failure_is_counted) {
  be_worker_with(narrow_tcp_pair, 0);
  pid_t worker = getpid(), pid = child();
  if (pid == 0) {
    char bytes[1024];
    close(ends[0]);
    WAIT_FOR(sleeps_in(worker, worker, SYS_sendto, NULL));
    read_exactly(ends[1], bytes, sizeof bytes);
    reset(ends[1]);
    _exit(0);
  }
  close(ends[1]);
  CHECK(fk_write_all(ends[0], pattern(), MUCH, 0) < 0);
  CHECK(bytes_out() >= 1024);
  CHECK_EQUAL(end_of(pid), 0);
}

TEST(what_was_written_puts_the_idle_deadline_off) {
  be_worker_with(tcp_pair, NEVER_MS);
  double deadline = fk_worker.slot->idle_deadline;
  CHECK_EQUAL(fk_write_all(ends[0], "x", 1, 0), 0);
  CHECK(fk_worker.slot->idle_deadline > deadline);
}

static void read_a_byte(void) {
  char byte;
  CHECK(send(ends[1], "x", 1, 0) == 1);
  CHECK_EQUAL(fk_read(ends[0], &byte, 1), 1);
}

static int is_kept_until_more_comes(void) {
  char bytes[2];
  read_a_byte();
  CHECK_EQUAL(fk_write_all(ends[0], "a", 1, 1), 0);
  int is_kept = recv(ends[1], bytes, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
  CHECK_EQUAL(fk_write_all(ends[0], "b", 1, 0), 0);
  read_exactly(ends[1], bytes, 2);
  CHECK(memcmp(bytes, "ab", 2) == 0);
  return is_kept;
}

TEST(what_more_follows_is_kept_until_it_comes) {
  be_worker_with(tcp_pair, 0);
  WAIT_FOR(is_kept_until_more_comes()); /* unless this process has slept meanwhile */
}

#define PATIENCE_MS 200 /* the kernel's */

static int arrives_at_once(void (*write)(void)) {
  char byte;
  read_a_byte();
  double before = fk_now_ms();
  write();
  read_exactly(ends[1], &byte, 1);
  return fk_now_ms() - before < PATIENCE_MS / 2;
}

static void write_and_read(void) {
  CHECK_EQUAL(fk_write_all(ends[0], "a", 1, 1), 0);
  read_a_byte();
}

static void write_and_abandon(void) {
  CHECK_EQUAL(fk_write_all(ends[0], "a", 1, 1), 0);
  fk_abandon_output(ends[0]);
}

static void write_late(void) {
  WAIT_FOR(fk_read_long_ago());
  CHECK_EQUAL(fk_write_all(ends[0], "a", 1, 1), 0);
}

static void write_in_a_turn(void) {
  fk_gather_output();
  CHECK_EQUAL(fk_write_now(ends[0], "a", 1, 1), 0);
  fk_send_gathered();
}

static void write_out_of_turn(void) { CHECK_EQUAL(fk_write_now(ends[0], "a", 1, 1), 0); }

TEST(what_no_more_follows_goes_all_the_same) {
  be_worker_with(tcp_pair, 0);
  WAIT_FOR(arrives_at_once(write_and_read));
  WAIT_FOR(arrives_at_once(write_in_a_turn));
  WAIT_FOR(arrives_at_once(write_out_of_turn));
  WAIT_FOR(arrives_at_once(write_late));
  WAIT_FOR(arrives_at_once(write_and_abandon));
}
