#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../sys/stream.h"
#include "../sys/worker.h"
#include "support.h"
#include "test.h"

static int ends[2]; /* the worker's, and its peer's */

static void ignore(int signal) { (void)signal; }

/* A client that says more than is read, is answered, and reads the answer to its end: 0, or what went wrong. */
static int end_of_the_answer(void (*finish)(int)) {
  enum { ANSWER = 32 * 1024 };
  static char bytes[ANSWER];
  tcp_pair(ends);
  CHECK(send(ends[1], "more than anybody reads", 23, 0) == 23);
  pid_t pid = child();
  if (pid == 0) {
    close(ends[1]);
    WAIT_FOR(recv(ends[0], bytes, 1, MSG_PEEK) == 1);
    CHECK(send(ends[0], bytes, ANSWER, MSG_NOSIGNAL) == ANSWER);
    finish(ends[0]);
    _exit(0);
  }
  close(ends[0]);
  WAIT_FOR(recv(ends[1], bytes, 1, MSG_PEEK) != 0); /* it is on its way, or destroyed already */
  ssize_t got;
  while ((got = recv(ends[1], bytes, 1024, 0)) > 0) continue;
  int error = got < 0 ? errno : 0;
  close(ends[1]);
  CHECK_EQUAL(end_of(pid), 0);
  return error;
}

static void only_close(int fd) { close(fd); }

TEST(unread_input_does_not_destroy_the_answer) {
  CHECK_EQUAL(end_of_the_answer(only_close), ECONNRESET);
  CHECK_EQUAL(end_of_the_answer(fk_finish), 0);
}

static long sleeps(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_nvcsw;
}

TEST(nothing_is_waited_for_when_all_input_was_read) {
  tcp_pair(ends);
  long before = sleeps();
  fk_finish(ends[0]); /* the peer is there, and says nothing more */
  CHECK_EQUAL(sleeps(), before);
  CHECK_EQUAL(recv(ends[1], &(char){0}, 1, 0), 0);
}

TEST(signals_do_not_end_the_wait_for_the_peer_to_have_read) {
  tcp_pair(ends);
  be_worker();
  sigaction(SIGUSR1, &(struct sigaction){.sa_handler = ignore}, NULL);
  CHECK(send(ends[1], "unread", 6, 0) == 6);
  pid_t pid = child();
  if (pid == 0) {
    close(ends[1]);
    WAIT_FOR(recv(ends[0], &(char){0}, 1, MSG_PEEK) == 1);
    fk_finish(ends[0]);
    _exit(0);
  }
  for (int i = 0; i < 3; i++) {
    char byte;
    CHECK_EQUAL(recv(ends[1], &byte, 1, 0), 0); /* it has said that no more will come */
    WAIT_FOR(is_asleep(pid));
    CHECK_EQUAL(waitpid(pid, NULL, WNOHANG), 0);
    kill(pid, SIGUSR1);
    test_nap();
  }
  close(ends[1]);
  CHECK_EQUAL(end_of(pid), 0);
}

TEST(a_peer_that_never_stops_sending_is_left_in_the_end) {
  static char bytes[64 * 1024];
  tcp_pair(ends);
  be_worker();
  CHECK(send(ends[1], bytes, sizeof bytes, 0) > 0);
  pid_t pid = child();
  if (pid == 0) {
    close(ends[0]);
    while (send(ends[1], bytes, sizeof bytes, MSG_NOSIGNAL) > 0) continue;
    _exit(0);
  }
  close(ends[1]);
  fk_finish(ends[0]);
  close(ends[0]);
  CHECK_EQUAL(end_of(pid), 0);
}

TEST(a_connection_that_is_gone_is_finished_at_once) {
  tcp_pair(ends);
  be_worker();
  reset(ends[1]);
  fk_finish(ends[0]);
  fk_finish(-1);
}
