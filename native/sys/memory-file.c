#define _GNU_SOURCE
#include "memory-file.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static int is_too_large(off_t size) {
  struct rlimit most;
  return getrlimit(RLIMIT_FSIZE, &most) == 0 && (rlim_t)size > most.rlim_cur;
}

int fk_memory_file(const char *name, off_t size) {
  if (is_too_large(size)) return -EFBIG;
  int fd = memfd_create(name, MFD_CLOEXEC);
  if (fd < 0) return -errno;
  if (ftruncate(fd, size) == 0) return fd;
  int error = errno;
  close(fd);
  return -error;
}
