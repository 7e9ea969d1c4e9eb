#define _GNU_SOURCE
#include "../sys/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support.h"
#include "test.h"

static int is_closed_on_exec(int fd) { return fcntl(fd, F_GETFD) & FD_CLOEXEC; }

TEST(what_is_kept_is_open_in_the_next_program_and_nothing_else) {
  int kept[2], other[2];
  CHECK(pipe2(kept, O_CLOEXEC) == 0 && pipe2(other, O_CLOEXEC) == 0);
  pid_t pid = child();
  if (pid == 0) {
    char script[128];
    snprintf(script, sizeof script, "echo \"$GREETING\" >&%d; [ ! -e /proc/self/fd/%d ]", kept[1], other[1]);
    char *arguments[] = {"sh", "-c", script, NULL}, *environment[] = {"GREETING=hello", NULL};
    fk_exec("/bin/sh", arguments, environment, &kept[1], 1);
    _exit(99);
  }
  close(kept[1]);
  char heard[16] = {0};
  CHECK_EQUAL(read(kept[0], heard, sizeof heard), 6);
  CHECK(strcmp(heard, "hello\n") == 0);
  CHECK_EQUAL(end_of(pid), 0);
}

TEST(a_program_that_is_not_there_changes_nothing) {
  int kept[2];
  CHECK(pipe2(kept, O_CLOEXEC) == 0);
  char *none[] = {NULL};
  CHECK_EQUAL(fk_exec("/nowhere/at/all", none, none, kept, 2), -ENOENT);
  CHECK(is_closed_on_exec(kept[0]) && is_closed_on_exec(kept[1]));
}
