#define _GNU_SOURCE
#include "memory-file.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static int files_are_limited(void) {
  struct rlimit limit;
  return getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur != RLIM_INFINITY;
}

int memory_file(const char *name, off_t size) {
  if (files_are_limited()) return -EFBIG;
  int fd = memfd_create(name, MFD_CLOEXEC);
  if (fd < 0) return -errno;
  if (ftruncate(fd, size) == 0) return fd;
  int error = errno;
  close(fd);
  return -error;
}
