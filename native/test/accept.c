#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../sys/process.h"
#include "../sys/stream.h"
#include "../sys/worker.h"
#include "support.h"
#include "test.h"

static struct fk_name peer;

/* Shared: what was reported, in the order in which it was. */
static struct reports {
  _Atomic int count;
  int errors[16];
} *reports;

static void report(int error) { reports->errors[atomic_fetch_add(&reports->count, 1) % 16] = error; }

static int next(void) { return fk_worker_accept(&peer, report); }

static struct fk_slot *slot(void) { return fk_worker.slot; }

static int state(void) { return atomic_load(&slot()->state); }

static int idle(void) { return atomic_load(&fk_worker.header->idle); }

/* A scoreboard and one listening socket, which is returned. */
static int stage(void) {
  int listener = listen_locally();
  stage_worker(&listener, 1);
  reports = shared(sizeof *reports);
  return listener;
}

/* Answers each connection with a byte until told to leave; exits with 0 if that was how accepting ended. */
static void serve_on(void) {
  for (;;) {
    int fd = next();
    if (fd < 0) _exit(fd == -ECANCELED ? 0 : 1);
    CHECK_EQUAL(fk_write_all(fd, "!", 1), 0);
    close(fd);
    if (fk_worker_draining()) _exit(0);
  }
}

static pid_t fork_server(void) {
  pid_t pid = fork_worker();
  if (pid == 0) serve_on();
  return pid;
}

static int is_waiting(pid_t pid) { return state() == FK_IDLE && is_asleep(pid); }

static int is_served(int client) {
  char byte;
  ssize_t got = recv(client, &byte, 1, 0);
  close(client);
  return got == 1;
}

TEST(a_connection_is_accepted_and_the_worker_busy) {
  int client = connect_to(stage());
  pid_t pid = fork_worker();
  if (pid == 0) {
    atomic_store(&slot()->outcome, FK_COMPLETED);
    slot()->reported = 1;
    int fd = next();
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
  if (pid == 0) _exit(next() >= 0 ? 0 : 1);
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
  CHECK_EQUAL(fk_local_name(next(), &here), 0);
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
  int listener = stage();
  reset(connect_to(listener));
  pid_t pid = fork_worker();
  if (pid == 0) {
    char byte;
    CHECK(fk_read(next(), &byte, 1) == -ECONNRESET);
    _exit(0);
  }
  CHECK_EQUAL(end_of(pid), 0);
  CHECK_EQUAL(reports->count, 0);
}

TEST(deadlines_begin_with_the_connection) {
  int listener = stage();
  fk_worker.idle_timeout_ms = 3600e3;
  double before = fk_now_ms();
  connect_to(listener);
  pid_t pid = fork_worker();
  if (pid == 0) _exit(next() >= 0 ? 0 : 1);
  CHECK_EQUAL(end_of(pid), 0);
  CHECK(slot()->idle_deadline >= before + 3600e3);
}

/* Who forks a worker has counted it as idle. */
TEST(idle_workers_are_counted) {
  int listener = stage();
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
    int listener = stage();
    atomic_store(&fk_worker.header->spares, spares);
    connect_to(listener);
    pid_t pid = fork_worker();
    if (pid == 0) _exit(next() >= 0 ? 0 : 1);
    CHECK_EQUAL(end_of(pid), 0);
    CHECK_EQUAL(idle(), 0);
    CHECK_EQUAL(atomic_load(&fk_worker.header->bell), spares);
  }
}

TEST(a_worker_of_an_earlier_generation_is_not_counted) {
  int listener = stage();
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

TEST(a_waiting_worker_that_is_told_to_drain_leaves) {
  int listener = stage();
  pid_t pid = fork_server();
  WAIT_FOR(is_waiting(pid));
  fk_kill(pid, SIGTERM);
  CHECK_EQUAL(end_of(pid), 0);
  CHECK_EQUAL(state(), FK_IDLE);
  CHECK_EQUAL(slot()->served, 0);
  CHECK_EQUAL(atomic_load(&slot()->outcome), FK_NONE);
  connect_to(listener);
}

TEST(a_waiting_worker_without_parents_leaves) {
  stage();
  fk_worker.supervisor = 1 << 22;
  pid_t pid = fork_worker();
  if (pid == 0) {
    fk_worker.zygote = 1 << 22;
    serve_on();
  }
  WAIT_FOR(is_waiting(pid));
  fk_kill(pid, FK_ORPHANED);
  CHECK_EQUAL(end_of(pid), 0);
}

TEST(a_waiting_worker_of_the_supervisors_stays) {
  int listener = stage();
  fk_worker.supervisor = getpid();
  pid_t pid = fork_server();
  for (int i = 0; i < 20; i++) {
    WAIT_FOR(is_waiting(pid));
    fk_kill(pid, FK_ORPHANED);
  }
  CHECK(is_served(connect_to(listener)));
}

TEST(a_drain_that_came_before_the_wait_is_not_slept_through) {
  stage();
  pid_t pid = fork_worker();
  if (pid == 0) {
    raise(SIGTERM); /* blocked: it is pending now */
    CHECK(!fk_worker_draining());
    CHECK_EQUAL(next(), -ECANCELED);
    CHECK(fk_worker_draining());
    CHECK(!is_open(fk_worker.listeners[0]));
    CHECK_EQUAL(next(), -ECANCELED);
    _exit(0);
  }
  CHECK_EQUAL(end_of(pid), 0);
}

TEST(a_connection_taken_as_the_drain_comes_is_served) {
  int client = connect_to(stage());
  pid_t pid = fork_worker();
  if (pid == 0) {
    raise(SIGTERM);
    int fd = next();
    CHECK(fd >= 0);
    CHECK(fk_worker_draining());
    CHECK_EQUAL(state(), FK_DRAINING);
    CHECK(!is_open(fk_worker.listeners[0]));
    CHECK_EQUAL(fk_write_all(fd, "!", 1), 0);
    _exit(0);
  }
  CHECK(is_served(client));
  CHECK_EQUAL(end_of(pid), 0);
}

static double random_moment(double mean_ms) { return mean_ms * 2 * (double)random() / RAND_MAX; }

static void spin_for(double ms) {
  double until = fk_now_ms() + ms;
  while (fk_now_ms() < until) continue;
}

/*
 * A signal at a random moment around that at which a worker accepts: the connection is served, or it stays in the
 * backlog, whence this process takes it. The moments are drawn closer to where both happen.
 */
TEST(a_thousand_drains_lose_no_connection) {
  int listener = stage(), served = 0, left = 0;
  double mean = 0.1;
  for (int round = 0; round < 1000; round++) {
    slot()->served = 0;
    pid_t pid = fork_server();
    if (random() % 2) WAIT_FOR(is_waiting(pid));
    int client = connect_to(listener);
    spin_for(random_moment(mean));
    fk_kill(pid, SIGTERM);
    CHECK_EQUAL(end_of(pid), 0);
    int in_backlog = accept(listener, NULL, NULL);
    if (slot()->served == 1) {
      CHECK(in_backlog < 0);
      CHECK(is_served(client));
      served++;
      mean *= 0.9;
    } else {
      CHECK(in_backlog >= 0);
      close(in_backlog);
      close(client);
      left++;
      mean = mean * 1.1 + 0.001;
    }
  }
  CHECK_EQUAL(reports->count, 0);
  CHECK_EQUAL(served + left, 1000);
  CHECK(served > 0);
}

/* Of two that wait one is woken for the connection; if that one leaves instead, the other must hear of it. */
TEST(a_worker_that_leaves_as_it_is_woken_leaves_the_connection_to_another) {
  int listener = stage();
  for (int round = 0; round < 200; round++) {
    slot()->served = 0;
    pid_t first = fork_server();
    WAIT_FOR(is_waiting(first));
    atomic_store(&slot()->state, FK_STARTING);
    pid_t second = fork_server();
    WAIT_FOR(is_waiting(second));
    int client = connect_to(listener);
    spin_for(random_moment(0.02));
    fk_kill(round % 2 ? first : second, SIGTERM);
    CHECK(is_served(client));
    fk_kill(first, SIGKILL);
    fk_kill(second, SIGKILL);
    end_of(first);
    end_of(second);
  }
}

/* No more descriptors than the process has open now. */
static void allow_no_more_descriptors(void) {
  int lowest = dup(0);
  CHECK(lowest >= 0);
  close(lowest);
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = (rlim_t)lowest;
  CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static void allow_descriptors(pid_t pid) {
  struct rlimit limit = {.rlim_cur = 512, .rlim_max = 512};
  CHECK(prlimit(pid, RLIMIT_NOFILE, &limit, NULL) == 0);
}

/* How often a process has gone to sleep. */
static long sleeps(pid_t pid) {
  char path[64], line[256];
  long count = -1;
  snprintf(path, sizeof path, "/proc/%d/status", pid);
  FILE *file = fopen(path, "r");
  while (file && fgets(line, sizeof line, file)) sscanf(line, "voluntary_ctxt_switches: %ld", &count);
  if (file) fclose(file);
  return count;
}

static void check_trouble_and_recovery(pid_t pid, int client) {
  WAIT_FOR(atomic_load(&reports->count) > 0);
  CHECK_EQUAL(reports->errors[0], EMFILE);
  CHECK_EQUAL(atomic_load(&fk_worker.header->accept_errno), EMFILE);
  long before = sleeps(pid);
  WAIT_FOR(sleeps(pid) > before + 3); /* it tries again, and sleeps longer */
  CHECK_EQUAL(reports->count, 1);
  allow_descriptors(pid);
  CHECK(is_served(client));
  WAIT_FOR(is_waiting(pid));
  CHECK_EQUAL(reports->count, 2);
  CHECK_EQUAL(reports->errors[1], 0);
  CHECK_EQUAL(atomic_load(&fk_worker.header->accept_errno), 0);
}

TEST(running_out_of_descriptors_is_reported_once_and_passes) {
  int listener = stage();
  pid_t pid = fork_worker();
  if (pid == 0) {
    close(next()); /* by now it has all that it needs to wait */
    fk_worker.slot->served = 0;
    allow_no_more_descriptors();
    serve_on();
  }
  WAIT_FOR(is_waiting(pid));
  connect_to(listener);
  WAIT_FOR(is_waiting(pid));
  check_trouble_and_recovery(pid, connect_to(listener));
}

TEST(a_worker_that_has_run_out_of_descriptors_by_serving_leaves) {
  int listener = stage();
  pid_t pid = fork_worker();
  if (pid == 0) {
    close(next());
    allow_no_more_descriptors();
    _exit(next() == -ECANCELED ? 0 : 1);
  }
  connect_to(listener);
  connect_to(listener);
  CHECK_EQUAL(end_of(pid), 0);
  CHECK_EQUAL(atomic_load(&reports->count), 1);
}

TEST(having_no_descriptor_to_wait_with_is_trouble_like_any_other) {
  int listener = stage();
  pid_t pid = fork_worker();
  if (pid == 0) {
    allow_no_more_descriptors();
    serve_on();
  }
  WAIT_FOR(atomic_load(&reports->count) > 0);
  check_trouble_and_recovery(pid, connect_to(listener));
}

TEST(a_worker_in_trouble_leaves_when_it_is_told_to) {
  int listener = stage();
  pid_t pid = fork_worker();
  if (pid == 0) {
    allow_no_more_descriptors();
    serve_on();
  }
  connect_to(listener);
  WAIT_FOR(atomic_load(&reports->count) > 0);
  fk_kill(pid, SIGTERM);
  CHECK_EQUAL(end_of(pid), 0);
}

TEST(of_many_workers_in_the_same_trouble_one_reports_it) {
  int listener = stage();
  for (int i = 0; i < 5; i++) {
    pid_t pid = fork_worker();
    if (pid == 0) {
      allow_no_more_descriptors();
      serve_on();
    }
    WAIT_FOR(sleeps(pid) > 1 && atomic_load(&reports->count) > 0);
  }
  CHECK_EQUAL(reports->count, 1);
  connect_to(listener);
}
