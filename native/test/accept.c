#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../sys/process.h"
#include "../sys/stream.h"
#include "serving.h"
#include "support.h"
#include "test.h"

static int idle(void) { return atomic_load(&fk_worker.header->idle); }

TEST(a_connection_is_accepted_and_the_worker_busy) {
  int client = connect_to(stage_server());
  pid_t pid = fork_worker();
  if (pid == 0) {
    atomic_store(&slot()->outcome, FK_COMPLETED);
    slot()->reported = 1;
    int fd = accept_next();
    CHECK(fd >= 0 && fd == fk_worker.connection);
    CHECK(is_close_on_exec(fd));
    CHECK_EQUAL(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    CHECK_EQUAL(peer.family, FK_IPV4);
    CHECK_TEXT(peer.host, "127.0.0.1");
    CHECK_EQUAL(peer.port, port_of(client));
    _exit(0);
  }
  CHECK_EQUAL(end_of(pid), 0);
  char text[64];
  snprintf(text, sizeof text, "127.0.0.1:%u", port_of(client));
  CHECK_TEXT(slot()->peer, text);
  CHECK_EQUAL(slot()->peer_length, strlen(text));
  CHECK_EQUAL(state(), FK_BUSY);
  CHECK_EQUAL(slot()->served, 1);
  CHECK_EQUAL(atomic_load(&slot()->outcome), FK_NONE);
  CHECK_EQUAL(slot()->reported, 0);
  CHECK(slot()->connected_at > 0 && slot()->connected_at <= fk_now_ms());
  CHECK_EQUAL(atomic_load(&fk_worker.header->accepted), 1);
  CHECK_EQUAL(reports->count, 0);
}

static void check_peer(int listener, const char *start) {
  stage_worker(&listener, 1);
  connect_to(listener);
  pid_t pid = fork_worker();
  if (pid == 0) _exit(accept_next() >= 0 ? 0 : 1);
  CHECK_EQUAL(end_of(pid), 0);
  CHECK(strncmp(slot()->peer, start, strlen(start)) == 0);
  CHECK_EQUAL(slot()->peer_length, strlen(slot()->peer));
}

TEST(an_ipv6_peer_is_written_with_brackets) {
  int listener = fk_listen_tcp(FK_IPV6, "::1", 0, 0, 8);
  if (listener < 0) test_skip("no IPv6 on this machine");
  check_peer(listener, "[::1]:");
}

TEST(a_unix_peer_is_written_as_such) {
  const char *folder = make_folder();
  char path[100];
  snprintf(path, sizeof path, "%s/socket", folder);
  check_peer(fk_listen_unix(path, 8), "unix:");
  unlink(path);
  remove_folder(folder);
}

TEST(a_worker_sleeps_until_a_connection_comes_to_any_of_its_listeners) {
  int listeners[3] = {listen_locally(), listen_locally(), listen_locally()};
  stage_worker(listeners, 3);
  reports = shared(sizeof *reports);
  pid_t pid = fork_server();
  for (int i = 0; i < 6; i++) {
    WAIT_FOR(is_waiting(pid));
    CHECK(is_served(connect_to(listeners[(i * 2) % 3])));
  }
  CHECK_EQUAL(slot()->served, 6);
}

static int is_from_first_listener(int fork_number) {
  slot()->fork_number = fork_number;
  pid_t pid = fork_worker();
  if (pid != 0) return end_of(pid);
  struct fk_name here, first;
  CHECK_EQUAL(fk_local_name(accept_next(), &here), 0);
  CHECK_EQUAL(fk_local_name(fk_worker.listeners[0], &first), 0);
  _exit(here.port == first.port);
}

TEST(one_worker_after_another_begins_with_one_listener_after_another) {
  int listeners[2] = {listen_locally(), listen_locally()};
  stage_worker(listeners, 2);
  reports = shared(sizeof *reports);
  for (int i = 0; i < 4; i++) connect_to(listeners[i % 2]);
  for (int i = 0; i < 4; i++) CHECK_EQUAL(is_from_first_listener(i + 1), i % 2 == 0);
}

TEST(a_client_that_is_gone_again_is_no_trouble) {
  int listener = stage_server();
  reset(connect_to(listener));
  pid_t pid = fork_worker();
  if (pid == 0) {
    char byte;
    CHECK(fk_read(accept_next(), &byte, 1) == -ECONNRESET);
    _exit(0);
  }
  CHECK_EQUAL(end_of(pid), 0);
  CHECK_EQUAL(reports->count, 0);
}

TEST(deadlines_begin_with_the_connection) {
  int listener = stage_server();
  fk_worker.idle_timeout_ms = 3600e3;
  double before = fk_now_ms();
  connect_to(listener);
  pid_t pid = fork_worker();
  if (pid == 0) _exit(accept_next() >= 0 ? 0 : 1);
  CHECK_EQUAL(end_of(pid), 0);
  CHECK(slot()->idle_deadline >= before + 3600e3);
}

/* Who forks a worker has counted it as idle. */
TEST(idle_workers_are_counted) {
  int listener = stage_server();
  pid_t pid = fork_server();
  WAIT_FOR(is_waiting(pid));
  CHECK_EQUAL(idle(), 1);
  for (int i = 0; i < 3; i++) {
    CHECK(is_served(connect_to(listener)));
    WAIT_FOR(is_waiting(pid));
    CHECK_EQUAL(idle(), 1);
  }
  kill(pid, SIGSTOP);
  CHECK_EQUAL(waitpid(pid, NULL, WUNTRACED), pid);
  int client = connect_to(listener);
  kill(pid, SIGCONT);
  CHECK(is_served(client));
}

TEST(a_busy_worker_is_not_counted_as_idle_and_rings_if_there_are_too_few) {
  for (int spares = 0; spares < 2; spares++) {
    int listener = stage_server();
    atomic_store(&fk_worker.header->spares, spares);
    connect_to(listener);
    pid_t pid = fork_worker();
    if (pid == 0) _exit(accept_next() >= 0 ? 0 : 1);
    CHECK_EQUAL(end_of(pid), 0);
    CHECK_EQUAL(idle(), 0);
    CHECK_EQUAL(atomic_load(&fk_worker.header->bell), spares);
  }
}

TEST(a_worker_of_an_earlier_generation_is_not_counted) {
  int listener = stage_server();
  atomic_store(&fk_worker.header->spares, 1);
  atomic_store(&fk_worker.header->generation, 2);
  fk_worker.generation = 1;
  pid_t pid = fork_server();
  atomic_store(&fk_worker.header->idle, 0); /* as the new zygote does when it begins */
  for (int i = 0; i < 2; i++) {
    CHECK(is_served(connect_to(listener)));
    WAIT_FOR(is_waiting(pid));
    CHECK_EQUAL(idle(), 0);
  }
  CHECK_EQUAL(atomic_load(&fk_worker.header->bell), 0);
}
