/*
 * The program's text on huge pages: a child that touches it is given 2 MiB of it at once, and not 64 KiB. It is copied there
 * before the program begins, into a file in memory, so that a fork copies no page tables of it. The kernel makes huge pages on
 * demand (MADV_COLLAPSE) from Linux 6.1 on; where there are none, all stays as it is.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../sys/memory-file.h"

/* With pages of another size huge ones have another, too. */
#define PAGE 4096
#define HUGE ((uintptr_t)2 << 20)

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

/* Whole huge pages, `length` bytes of them. */
struct text {
  char *start;
  size_t length;
};

static int is_text(const ElfW(Phdr) *segment) {
  return segment->p_type == PT_LOAD && (segment->p_flags & (PF_R | PF_W | PF_X)) == (PF_R | PF_X);
}

static void keep_larger(struct text *text, uintptr_t start, uintptr_t end) {
  start = (start + HUGE - 1) & -HUGE;
  end &= -HUGE;
  if (end > start && end - start > text->length) *text = (struct text){(char *)start, end - start};
}

/* Node's may be in the program, or in a library of its own; there is none that is larger. At 0 the search goes on. */
static int find_text(struct dl_phdr_info *object, size_t size, void *text) {
  for (int i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
    uintptr_t start = object->dlpi_addr + segment->p_vaddr;
    if (is_text(segment)) keep_larger(text, start, start + segment->p_memsz);
  }
  return 0;
}

/*
 * Empty huge pages first, and then what they hold: to put full pages together would take three times as long. If there are not
 * enough, the rest are small ones; EINVAL says that the kernel makes none.
 */
static int fill(char *memory, const struct text *text) {
  for (size_t at = 0; at < text->length; at += HUGE) memory[at] = 0;
  if (madvise(memory, text->length, MADV_COLLAPSE) != 0 && errno == EINVAL) return -1;
  memcpy(memory, text->start, text->length);
  return 0;
}

static int copy_text(int fd, const struct text *text) {
  size_t room = text->length + HUGE;
  char *reserved = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reserved == MAP_FAILED) return -1;
  char *aligned = (char *)(((uintptr_t)reserved + HUGE - 1) & -HUGE);
  char *copy = mmap(aligned, text->length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
  int failed = copy == MAP_FAILED ? -1 : fill(copy, text);
  munmap(reserved, room);
  return failed;
}

/* Privately: what a child did to it would be its own. */
static void replace_text(int fd, const struct text *text) {
  if (copy_text(fd, text) == 0) mmap(text->start, text->length, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd, 0);
}

__attribute__((constructor)) static void put_text_on_huge_pages(void) {
  struct text text = {0};
  dl_iterate_phdr(find_text, &text);
  if (text.length == 0 || sysconf(_SC_PAGESIZE) != PAGE) return;
  int fd = fk_memory_file("forkd-text", (off_t)text.length);
  if (fd < 0) return;
  replace_text(fd, &text);
  close(fd);
}
