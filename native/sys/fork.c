#define _GNU_SOURCE
#include "fork.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mappings.h"
#include "phantoms.h"

#define LARGEST_HOLE (64 * 1024) /* too small to be mapped on its own: mallopt(3), M_MMAP_THRESHOLD */
#define SMALLEST_HOLE 16

/* In native/preload/heap.c, if that is there. */
extern const char forkd_heap_is_for_children __attribute__((weak));
extern int forkd_take_image(void) __attribute__((weak));

static void let_children_have(void *start, size_t length, int protection) {
  madvise(start, length, MADV_DOFORK); /* refused for a few special mappings, which are none of V8's */
}

/* All that is free lies at the end of the heap, from here on. */
static char *end_of_use(void) { return (char *)sbrk(0) - mallinfo2().keepcost; }

/*
 * Free chunks are put together here, once, and not by the first larger allocation of each child. Then every hole is taken
 * and kept: what children allocate comes from the end of the heap, on a few pages, and not from holes on as many pages,
 * each of which would have to be copied.
 */
static void tidy_allocator(void) {
  malloc_trim(0);
  char *end = end_of_use();
  for (size_t size = LARGEST_HOLE; size >= SMALLEST_HOLE; size -= size > 1024 ? 1024 : SMALLEST_HOLE) {
    char *volatile chunk; /* volatile: or the compiler sees that nobody needs it */
    do chunk = malloc(size);
    while (chunk && chunk < end);
    free(chunk);
  }
}

static int let_children_have_all(void) {
  return &forkd_heap_is_for_children ? 0 : fk_mappings_each_private_anonymous(let_children_have);
}

int fk_fork_prepare(void) {
  tidy_allocator();
  return fk_phantoms_find();
}

int fk_fork_take_image(void) { return &forkd_take_image ? forkd_take_image() : -ENOSYS; }

pid_t fk_fork(void) {
  int failed = let_children_have_all();
  if (failed) return failed;
  pid_t pid = fork();
  if (pid == 0) fk_phantoms_forget();
  return pid < 0 ? -errno : pid;
}
