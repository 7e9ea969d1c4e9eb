#define _GNU_SOURCE
#include "../sys/passing.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support.h"
#include "test.h"

struct received {
  char bytes[64];
  long length;
  int descriptors[FK_PASSED_MAX], count;
};

static struct received receive(int fd, size_t size, int wait) {
  struct received got = {.count = -1};
  got.length = fk_receive(fd, got.bytes, size, got.descriptors, &got.count, wait);
  return got;
}

/* Whether `a` and `b` are the two ends of one pipe. */
static int are_ends(int a, int b) {
  char byte = 0;
  return write(b, "!", 1) == 1 && read(a, &byte, 1) == 1 && byte == '!';
}

static int pair[2];

TEST(bytes_travel_without_descriptors) {
  CHECK_EQUAL(fk_socket_pair(pair), 0);
  CHECK(is_close_on_exec(pair[0]) && is_close_on_exec(pair[1]));
  CHECK_EQUAL(fk_send(pair[0], "hello", 5, NULL, 0), 5);
  struct received got = receive(pair[1], sizeof got.bytes, 1);
  CHECK_EQUAL(got.length, 5);
  CHECK(memcmp(got.bytes, "hello", 5) == 0);
  CHECK_EQUAL(got.count, 0);
}

TEST(descriptors_arrive_in_order_and_close_on_exec) {
  int pipes[3][2], sent[3];
  fk_socket_pair(pair);
  for (int i = 0; i < 3; i++) CHECK(pipe(pipes[i]) == 0), sent[i] = pipes[i][1];
  CHECK_EQUAL(fk_send(pair[0], "three\n", 6, sent, 3), 6);
  for (int i = 0; i < 3; i++) close(sent[i]);
  struct received got = receive(pair[1], sizeof got.bytes, 1);
  CHECK_EQUAL(got.length, 6);
  CHECK_EQUAL(got.count, 3);
  for (int i = 0; i < 3; i++) {
    CHECK(is_close_on_exec(got.descriptors[i]));
    CHECK(are_ends(pipes[i][0], got.descriptors[i]));
  }
}

TEST(descriptors_come_with_the_bytes_they_were_sent_with) {
  int first[2], second[2];
  fk_socket_pair(pair);
  CHECK(pipe(first) == 0 && pipe(second) == 0);
  CHECK_EQUAL(fk_send(pair[0], "first", 5, &first[1], 1), 5);
  CHECK_EQUAL(fk_send(pair[0], "second", 6, &second[1], 1), 6);
  struct received got = receive(pair[1], sizeof got.bytes, 1);
  CHECK_EQUAL(got.length, 5);
  CHECK(got.count == 1 && are_ends(first[0], got.descriptors[0]));
  got = receive(pair[1], sizeof got.bytes, 1);
  CHECK_EQUAL(got.length, 6);
  CHECK(got.count == 1 && are_ends(second[0], got.descriptors[0]));
}

TEST(descriptors_come_with_the_first_of_bytes_read_in_parts) {
  int ends[2];
  fk_socket_pair(pair);
  CHECK(pipe(ends) == 0);
  CHECK_EQUAL(fk_send(pair[0], "abcdef", 6, &ends[1], 1), 6);
  struct received got = receive(pair[1], 2, 1);
  CHECK_EQUAL(got.length, 2);
  CHECK(got.count == 1 && are_ends(ends[0], got.descriptors[0]));
  got = receive(pair[1], sizeof got.bytes, 1);
  CHECK_EQUAL(got.length, 4);
  CHECK_EQUAL(got.count, 0);
}

TEST(as_many_descriptors_as_are_allowed_arrive_and_one_more_is_refused) {
  int many[FK_PASSED_MAX + 1];
  fk_socket_pair(pair);
  for (int i = 0; i <= FK_PASSED_MAX; i++) many[i] = 0;
  CHECK_EQUAL(fk_send(pair[0], "x", 1, many, FK_PASSED_MAX + 1), -E2BIG);
  CHECK_EQUAL(fk_send(pair[0], "x", 1, many, FK_PASSED_MAX), 1);
  struct received got = receive(pair[1], sizeof got.bytes, 1);
  CHECK_EQUAL(got.count, FK_PASSED_MAX);
  for (int i = 0; i < got.count; i++) CHECK(is_open(got.descriptors[i]));
}

TEST(who_does_not_wait_is_told_that_there_is_nothing) {
  fk_socket_pair(pair);
  struct received got = receive(pair[1], sizeof got.bytes, 0);
  CHECK_EQUAL(got.length, -EAGAIN);
  CHECK_EQUAL(got.count, 0);
}

TEST(the_other_ends_end_is_seen_and_is_no_signal) {
  fk_socket_pair(pair);
  close(pair[0]);
  struct received got = receive(pair[1], sizeof got.bytes, 1);
  CHECK_EQUAL(got.length, 0);
  CHECK_EQUAL(got.count, 0);
  CHECK_EQUAL(fk_send(pair[1], "x", 1, NULL, 0), -EPIPE);
}

TEST(a_descriptor_that_is_not_open_is_not_sent) {
  int none = 999;
  fk_socket_pair(pair);
  CHECK_EQUAL(fk_send(pair[0], "x", 1, &none, 1), -EBADF);
}

static void ignore(int signal) { (void)signal; }

TEST(a_signal_does_not_end_the_wait) {
  struct sigaction action = {.sa_handler = ignore};
  sigaction(SIGUSR1, &action, NULL);
  fk_socket_pair(pair);
  pid_t receiver = getpid(), pid = child();
  if (pid == 0) {
    for (int i = 0; i < 20; i++) {
      WAIT_FOR(sleeps_in(receiver, receiver, SYS_recvmsg, NULL));
      kill(receiver, SIGUSR1);
    }
    CHECK_EQUAL(fk_send(pair[0], "late", 4, NULL, 0), 4);
    _exit(0);
  }
  struct received got = receive(pair[1], sizeof got.bytes, 1);
  CHECK_EQUAL(got.length, 4);
  CHECK_EQUAL(end_of(pid), 0);
}
