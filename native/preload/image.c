#define _GNU_SOURCE
#include "image.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../sys/mappings.h"
#include "../sys/memory-file.h"

#define EXPORTED __attribute__((visibility("default")))

#define PAGE 4096
#define PIECES_MAX 512
#define READ_WRITE (PROT_READ | PROT_WRITE)

/*
 * In the file each piece of memory begins so far behind the one before, and what lies between is nothing: realloc(3) may have the
 * kernel make a large block, which malloc(3) has mapped by itself, larger where it is: mremap(2). It finds zeros there.
 */
#define STRIDE ((off_t)1 << 38)

/* Of a page that is the image's, and what may be done with it. */
#define IMAGE 0x80

/* Memory that lies together, and a mark for each of its pages; no marks: it is none of the image's. */
static struct piece {
  char *start, *end;
  unsigned char *marks;
} pieces[PIECES_MAX];

static int count;

static size_t length_of(const struct piece *piece) { return (size_t)(piece->end - piece->start); }

static int holds(const struct piece *piece, const void *at) {
  return piece->start <= (const char *)at && (const char *)at < piece->end;
}

/* Not what is read-only, or run; nor the stack, which is written to while the image is taken. */
static void note(void *start, size_t length, int protection) {
  struct piece piece = {start, (char *)start + length, NULL};
  if (protection != READ_WRITE || holds(&piece, &piece) || count == PIECES_MAX) return;
  pieces[count++] = piece;
}

static struct piece *piece_at(const void *start) {
  for (int i = 0; i < count; i++)
    if (pieces[i].start == start) return &pieces[i];
  return NULL;
}

static void forget(struct piece *piece) { *piece = pieces[--count]; }

/*
 * What a child shall not have, wiped (wf) or dropped (dp), what is kept in memory (lo), and what shall be in no core dump (dd)
 * stays what it is: the kernel gives out random numbers from such a page. "VmFlags: rd wr mr ...", proc_pid_smaps(5).
 */
static int is_special(const char *line) {
  static const char *const flags[] = {" wf", " dp", " lo", " dd"};
  size_t length = (size_t)(strchr(line, '\n') - line);
  for (int i = 0; i < 4; i++)
    if (memmem(line, length, flags[i], 3)) return 1;
  return 0;
}

static uintptr_t address_in(const char *line) {
  uintptr_t address = 0;
  for (; *line != '-'; line++) address = address << 4 | (uintptr_t)(*line <= '9' ? *line - '0' : *line - 'a' + 10);
  return address;
}

/* A mapping's first line begins with its address, all others with a capital letter. */
static void leave_out_special(const char *line, void *context) {
  struct piece **piece = context;
  if (*line < 'A' || *line > 'Z') *piece = piece_at((void *)address_in(line));
  else if (*piece && strncmp(line, "VmFlags:", 8) == 0 && is_special(line)) forget(*piece);
}

static int find_pieces(void) {
  struct piece *piece = NULL;
  count = 0;
  int failed = fk_mappings_each_private_anonymous(note);
  return failed ? failed : fk_each_line("/proc/self/smaps", leave_out_special, &piece);
}

/* When no more pieces are looked for: it is none. */
static int make_marks(void) {
  size_t pages = 0;
  for (int i = 0; i < count; i++) pages += length_of(&pieces[i]) / PAGE;
  unsigned char *next = (unsigned char *)syscall(SYS_mmap, NULL, pages, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (next == MAP_FAILED) return -errno;
  for (int i = 0; i < count; next += length_of(&pieces[i++]) / PAGE) pieces[i].marks = next;
  return 0;
}

static int is_blank(const char *page) {
  static const char blank[PAGE];
  return memcmp(page, blank, PAGE) == 0;
}

/* Blank pages are left out: they take up no memory in the file either. */
static int write_piece(int fd, const struct piece *piece, off_t at) {
  for (const char *page = piece->start; page < piece->end; page += PAGE, at += PAGE) {
    if (is_blank(page)) continue;
    ssize_t written = pwrite(fd, page, PAGE, at);
    if (written != PAGE) return written < 0 ? -errno : -EIO;
  }
  return 0;
}

/* Anonymous memory that cannot be replaced stays as it is: it holds the same. */
static void map_piece(int fd, const struct piece *piece, off_t at) {
  size_t length = length_of(piece);
  long mapped = syscall(SYS_mmap, piece->start, length, READ_WRITE, MAP_PRIVATE | MAP_FIXED, fd, at);
  if (mapped == (long)piece->start) memset(piece->marks, IMAGE | READ_WRITE, length / PAGE);
}

static int replace_pieces(int fd) {
  for (int i = 0; i < count; i++) {
    int failed = write_piece(fd, &pieces[i], i * STRIDE);
    if (failed) return failed;
    map_piece(fd, &pieces[i], i * STRIDE);
  }
  return 0;
}

static int make_image(void) {
  int fd = fk_memory_file("forkd-image", count * STRIDE);
  if (fd < 0) return fd;
  int failed = make_marks();
  if (!failed) failed = replace_pieces(fd);
  close(fd);
  return failed;
}

/*
 * Takes the image, once, of all that is written to and not run. No other thread may be running: what it wrote meanwhile could
 * be lost, and so could what a signal's handler writes. 0, or -errno: then memory holds the same, as it did before.
 */
EXPORTED int forkd_take_image(void) {
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  int failed = find_pieces();
  if (!failed) failed = make_image();
  sigprocmask(SIG_SETMASK, &before, NULL);
  return failed;
}

/* The next piece, from number `*from` on, that has a part in a range; that part's first page and its end. */
static struct piece *next_part(int *from, const char *start, size_t length, size_t *first, size_t *end) {
  for (; *from < count; ++*from) {
    struct piece *piece = &pieces[*from];
    const char *from_here = start > piece->start ? start : piece->start;
    const char *to_here = start + length < piece->end ? start + length : piece->end;
    if (!piece->marks || from_here >= to_here) continue;
    *first = (size_t)(from_here - piece->start) / PAGE;
    *end = (size_t)(to_here - piece->start + PAGE - 1) / PAGE;
    ++*from;
    return piece;
  }
  return NULL;
}

void image_release(char *start, size_t length) {
  size_t first, end;
  struct piece *piece;
  for (int from = 0; (piece = next_part(&from, start, length, &first, &end));) memset(piece->marks + first, 0, end - first);
}

void image_protect(char *start, size_t length, int protection) {
  size_t first, end;
  struct piece *piece;
  for (int from = 0; (piece = next_part(&from, start, length, &first, &end));)
    for (size_t page = first; page < end; page++)
      if (piece->marks[page] & IMAGE) piece->marks[page] = IMAGE | (unsigned char)protection;
}

/* Some pages of the image with the same mark: anonymous memory takes their place. If the kernel has no more, they are wiped. */
static void blank_out(struct piece *piece, size_t first, size_t end) {
  char *start = piece->start + first * PAGE;
  size_t length = (end - first) * PAGE;
  int protection = piece->marks[first] & ~IMAGE;
  long mapped = syscall(SYS_mmap, start, length, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  if (mapped == (long)start) memset(piece->marks + first, 0, end - first);
  else if (protection & PROT_WRITE) memset(start, 0, length);
}

static size_t end_of_run(const unsigned char *marks, size_t first, size_t end) {
  size_t page = first;
  while (page < end && marks[page] == marks[first]) page++;
  return page;
}

int image_discard(char *start, size_t length) {
  size_t first, end;
  struct piece *piece;
  for (int from = 0; (piece = next_part(&from, start, length, &first, &end));)
    for (size_t next; first < end; first = next) {
      next = end_of_run(piece->marks, first, end);
      if (piece->marks[first] & IMAGE) blank_out(piece, first, next);
    }
  return (int)syscall(SYS_madvise, start, length, MADV_DONTNEED);
}
