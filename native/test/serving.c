#define _GNU_SOURCE
#include "serving.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../sys/stream.h"
#include "support.h"
#include "test.h"

struct fk_name peer;
struct reports *reports;

static void report(int error) { reports->errors[atomic_fetch_add(&reports->count, 1) % 16] = error; }

int accept_next(void) { return fk_worker_accept(&peer, report); }

int stage_server(void) {
  int listener = listen_locally();
  stage_worker(&listener, 1);
  reports = shared(sizeof *reports);
  return listener;
}

void serve_on(void) {
  for (;;) {
    int fd = accept_next();
    if (fd < 0) _exit(fd == -ECANCELED ? 0 : 1);
    CHECK_EQUAL(fk_write_all(fd, "!", 1, 0), 0);
    close(fd);
    if (fk_worker_draining()) _exit(0);
  }
}

pid_t fork_server(void) {
  pid_t pid = fork_worker();
  if (pid == 0) serve_on();
  return pid;
}

int is_waiting(pid_t pid) { return state() == FK_IDLE && is_asleep(pid); }

int is_served(int client) {
  char byte;
  ssize_t got = recv(client, &byte, 1, 0);
  close(client);
  return got == 1;
}
