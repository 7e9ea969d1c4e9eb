/*
 * Preloaded into the zygote (LD_PRELOAD, ld.so(8)), where two wishes of V8's are in the way of forking it:
 *
 *   It asks that children shall not have its heap (MADV_DONTFORK). Here nobody hears it, so that a fork need not look for
 *   such mappings first.
 *
 *   It wants each page of its heap at a random place, far from all others, and each then has page tables of its own, to
 *   be made for each child and thrown away with it. The kernel's own choice puts them side by side. It is random, too,
 *   but once for all of them.
 *
 * And where a worker's memory is limited, here is seen that V8 was refused some. What becomes of the image (image.h) that is
 * taken of the heap is seen here too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "image.h"

#define EXPORTED __attribute__((visibility("default")))

#define HOPELESS 1000

/* How often in a row the kernel has refused V8 memory: to tell, of a crash, whether it came of that. */
EXPORTED volatile int forkd_memory_refusals;

/* By this the addon knows that the library is there. */
EXPORTED const char forkd_heap_is_for_children = 1;

EXPORTED int madvise(void *start, size_t length, int advice) {
  if (advice == MADV_DONTFORK) return 0;
  if (advice == MADV_DONTNEED || advice == MADV_FREE) return image_discard(start, length);
  return (int)syscall(SYS_madvise, start, length, advice);
}

/* For want of a page V8 asks for it again with each object that it would move there: for minutes, and then it gives up. */
static void note(int refused) {
  if (refused && errno == ENOMEM) forkd_memory_refusals++;
  else if (forkd_memory_refusals > 0) forkd_memory_refusals = 0; /* not written for nothing: each child would copy the page */
  if (forkd_memory_refusals == HOPELESS) abort();
}

EXPORTED void *mmap(void *wish, size_t length, int protection, int flags, int fd, off_t offset) {
  int must = flags & (MAP_FIXED | MAP_FIXED_NOREPLACE);
  if ((flags & MAP_ANONYMOUS) && !must) wish = NULL;
  void *memory = (void *)syscall(SYS_mmap, wish, length, protection, flags, fd, offset);
  if (protection & PROT_WRITE) note(memory == MAP_FAILED);
  if (memory != MAP_FAILED) image_release(memory, length);
  return memory;
}

/* The same by another name: off_t has 64 bits on every machine that forkd runs on. */
EXPORTED void *mmap64(void *, size_t, int, int, int, off_t) __attribute__((alias("mmap")));

EXPORTED int mprotect(void *start, size_t length, int protection) {
  int refused = (int)syscall(SYS_mprotect, start, length, protection);
  if (protection & PROT_WRITE) note(refused);
  if (!refused) image_protect(start, length, protection);
  return refused;
}

EXPORTED int munmap(void *start, size_t length) {
  int refused = (int)syscall(SYS_munmap, start, length);
  if (!refused) image_release(start, length);
  return refused;
}
