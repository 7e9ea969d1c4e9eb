#define _GNU_SOURCE
#include "fork.h"

#include <errno.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mappings.h"
#include "phantoms.h"

static void let_children_have(void *start, size_t length) {
  madvise(start, length, MADV_DOFORK); /* refused for a few special mappings, which are none of V8's */
}

int fk_fork_prepare(void) {
  malloc_trim(0); /* free chunks are put together here, once, and not by the first large allocation of each child */
  return fk_phantoms_find();
}

pid_t fk_fork(void) {
  int read = fk_mappings_each_private_anonymous(let_children_have);
  if (read < 0) return read;
  pid_t pid = fork();
  if (pid == 0) fk_phantoms_forget();
  return pid < 0 ? -errno : pid;
}
