#define _GNU_SOURCE
#include "scoreboard.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Past its limit the kernel would not only refuse: it would end this process by SIGXFSZ. */
static int is_too_large(off_t size) {
  struct rlimit most;
  return getrlimit(RLIMIT_FSIZE, &most) == 0 && (rlim_t)size > most.rlim_cur;
}

static int create_shared(const char *name, off_t size) {
  if (is_too_large(size)) return -EFBIG;
  int memfd = memfd_create(name, MFD_CLOEXEC);
  if (memfd < 0) return -errno;
  if (ftruncate(memfd, size) == 0) return memfd;
  int error = errno;
  close(memfd);
  return -error;
}

int fk_scoreboard_create(int slots) {
  if (sysconf(_SC_PAGESIZE) > FK_PAGE) return -ENOTSUP;
  return create_shared("forkd-scoreboard", (off_t)(slots + 1) * FK_PAGE);
}

int fk_registry_create(int size) { return create_shared("forkd-registry", size); }

void *fk_scoreboard_map(int memfd, uint64_t offset, uint64_t length, void *where) {
  int flags = MAP_SHARED | (where ? MAP_FIXED : 0);
  void *map = mmap(where, length, PROT_READ | PROT_WRITE, flags, memfd, (off_t)offset);
  return map == MAP_FAILED ? NULL : map;
}

/* Not by madvise(2)'s usual name: in the zygote that is native/preload/heap.c's, which is deaf to this wish. */
int fk_scoreboard_keep_to_oneself(void *map, uint64_t length) {
  if (syscall(SYS_madvise, map, length, MADV_DONTDUMP) != 0) return -errno;
  return syscall(SYS_madvise, map, length, MADV_DONTFORK) == 0 ? 0 : -errno;
}
