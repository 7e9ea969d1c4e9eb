#define _GNU_SOURCE
#include "scoreboard.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "memory-file.h"

int fk_scoreboard_create(int slots) {
  if (sysconf(_SC_PAGESIZE) > FK_PAGE) return -ENOTSUP;
  return fk_memory_file("forkd-scoreboard", (off_t)(slots + 1) * FK_PAGE);
}

int fk_registry_create(int size) { return fk_memory_file("forkd-registry", size); }

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
