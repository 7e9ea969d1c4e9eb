#define _GNU_SOURCE
#include "exec.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define STANDARD 3 /* libuv has marked these close-on-exec, too */

static void close_on_exec(const int *descriptors, int count, int flag) {
  for (int i = 0; i < count; i++) fcntl(descriptors[i], F_SETFD, flag);
}

int fk_exec(const char *path, char **arguments, char **environment, const int *kept, int count) {
  for (int fd = 0; fd < STANDARD; fd++) fcntl(fd, F_SETFD, 0);
  close_on_exec(kept, count, 0);
  execve(path, arguments, environment);
  int failed = -errno;
  close_on_exec(kept, count, FD_CLOEXEC);
  return failed;
}
