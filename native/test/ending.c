#define _GNU_SOURCE
#include "../sys/ending.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../sys/process.h"
#include "../sys/worker.h"
#include "support.h"
#include "test.h"

static int ends[2];
static char line[1024];

static void be_worker_of(const char *peer) {
  be_worker();
  CHECK_EQUAL(fk_pipe(ends, 4096), 0);
  slot()->connected_at = fk_now_ms();
  slot()->peer_length = (int)strlen(peer);
  memcpy(slot()->peer, peer, strlen(peer));
}

static const char *told(void) {
  CHECK_EQUAL(fk_tell_end(ends[1]), 0);
  long got = read(ends[0], line, sizeof line - 1);
  CHECK(got > 0);
  line[got] = 0;
  return line;
}

/* The number at that place, counted from 0. */
static double number(const char *text, int place) {
  double value = -1;
  for (text += 2; place >= 0; place--) {
    int length = 0;
    CHECK_EQUAL(sscanf(text, "%lf%n", &value, &length), 1);
    text += length;
  }
  return value;
}

static void waste_time(void) {
  volatile double waste = 1;
  for (int i = 0; i < 30000000; i++) waste *= 1.0000001;
}

TEST(an_end_is_told_in_a_line_of_numbers_and_the_peer) {
  be_worker_of("127.0.0.1:5");
  slot()->bytes_in = 12;
  slot()->bytes_out = 14;
  atomic_store(&slot()->outcome, FK_COMPLETED);
  const char *text = told();
  CHECK(strncmp(text, "\x1b!", 2) == 0);
  CHECK_EQUAL(number(text, 1), getpid());
  CHECK_EQUAL(number(text, 5), FK_COMPLETED);
  CHECK_EQUAL(number(text, 7), 12);
  CHECK_EQUAL(number(text, 8), 14);
  CHECK(number(text, 11) > 0);
  CHECK(strcmp(strrchr(text, ' '), " 127.0.0.1:5\n") == 0);
}

TEST(what_was_used_before_the_connection_is_not_its_own) {
  be_worker_of("127.0.0.1:5");
  waste_time();
  const char *text = told();
  double before = number(text, 9) + number(text, 10);
  fk_usage_begin();
  text = told();
  CHECK(before > 0);
  CHECK(number(text, 9) + number(text, 10) < before);
}

TEST(a_name_with_line_ends_in_it_stays_on_the_line) {
  be_worker_of("unix:/tmp/a\nb");
  CHECK(strcmp(strrchr(told(), ' '), " unix:/tmp/a?b\n") == 0);
}

TEST(a_slot_that_user_code_has_spoilt_does_no_harm) {
  be_worker_of("127.0.0.1:5");
  slot()->peer_length = 1 << 30;
  CHECK(strcmp(strrchr(told(), ' '), " \n") == 0);
  slot()->peer_length = -1;
  CHECK(strcmp(strrchr(told(), ' '), " \n") == 0);
  slot()->bytes_in = slot()->bytes_out = 1e308;
  CHECK_EQUAL(fk_tell_end(ends[1]), -EOVERFLOW);
}
