#define _GNU_SOURCE
#include "fork.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mappings.h"
#include "phantoms.h"

#define TIDYING_SIZE (64 * 1024) /* large enough to go through all bins, too small to be mapped on its own */

/* In native/preload/heap.c, if that is there. */
extern const char forkd_heap_is_for_children __attribute__((weak));

static void let_children_have(void *start, size_t length) {
  madvise(start, length, MADV_DOFORK); /* refused for a few special mappings, which are none of V8's */
}

/* Free chunks are put together and sorted here, once, and not by the first larger allocation of each child. */
static void tidy_allocator(void) {
  malloc_trim(0);
  void *volatile chunk = malloc(TIDYING_SIZE); /* volatile: or the compiler sees that nobody needs it */
  free(chunk);
}

static int let_children_have_all(void) {
  return &forkd_heap_is_for_children ? 0 : fk_mappings_each_private_anonymous(let_children_have);
}

int fk_fork_prepare(void) {
  tidy_allocator();
  return fk_phantoms_find();
}

pid_t fk_fork(void) {
  int failed = let_children_have_all();
  if (failed) return failed;
  pid_t pid = fork();
  if (pid == 0) fk_phantoms_forget();
  return pid < 0 ? -errno : pid;
}
