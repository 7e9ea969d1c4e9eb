#define _GNU_SOURCE
#include "image.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../sys/mappings.h"

#define EXPORTED __attribute__((visibility("default")))

#define PAGE 4096
#define PIECES_MAX 512
#define READ_WRITE (PROT_READ | PROT_WRITE)

/* Memory that lies together; in the file one follows upon another. `is_image` has a byte for each page. */
static struct piece {
  char *start, *end;
  unsigned char *is_image;
} pieces[PIECES_MAX];

static int count;
static size_t total;
static unsigned char *marks = MAP_FAILED;

static size_t length_of(const struct piece *piece) { return (size_t)(piece->end - piece->start); }

static int holds(const struct piece *piece, const void *at) {
  return piece->start <= (const char *)at && (const char *)at < piece->end;
}

/* Not what is read-only, or run; nor the stack, which is written to while the image is taken. */
static void note(void *start, size_t length, int protection) {
  struct piece piece = {start, (char *)start + length, NULL};
  if (protection != READ_WRITE || count == PIECES_MAX || holds(&piece, &piece)) return;
  pieces[count++] = piece;
  total += length;
}

/* Before there are pieces: it is none. */
static int make_marks(void) {
  marks = (unsigned char *)syscall(SYS_mmap, NULL, total / PAGE, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (marks == MAP_FAILED) return -errno;
  unsigned char *next = marks;
  for (int i = 0; i < count; next += length_of(&pieces[i++]) / PAGE) pieces[i].is_image = next;
  return 0;
}

static int is_blank(const char *page) {
  static const char blank[PAGE];
  return memcmp(page, blank, PAGE) == 0;
}

/* Blank pages are left out: they take up no memory in the file either. */
static int write_piece(int fd, const struct piece *piece, off_t at) {
  for (const char *page = piece->start; page < piece->end; page += PAGE, at += PAGE)
    if (!is_blank(page) && pwrite(fd, page, PAGE, at) != PAGE) return -errno;
  return 0;
}

/* Anonymous memory that cannot be replaced stays as it is: it holds the same. */
static void map_piece(int fd, const struct piece *piece, off_t at) {
  size_t length = length_of(piece);
  long mapped = syscall(SYS_mmap, piece->start, length, READ_WRITE, MAP_PRIVATE | MAP_FIXED, fd, at);
  if (mapped == (long)piece->start) memset(piece->is_image, 1, length / PAGE);
}

static int replace_pieces(int fd) {
  off_t at = 0;
  for (int i = 0; i < count; at += (off_t)length_of(&pieces[i++])) {
    int failed = write_piece(fd, &pieces[i], at);
    if (failed) return failed;
    map_piece(fd, &pieces[i], at);
  }
  return 0;
}

/* Where files may not be so large, the kernel would end this process for trying. */
static int file_may_be_as_large(void) {
  struct rlimit limit;
  return getrlimit(RLIMIT_FSIZE, &limit) == 0 && total <= limit.rlim_cur;
}

static int make_image(void) {
  if (!file_may_be_as_large()) return -EFBIG;
  int fd = memfd_create("forkd-image", MFD_CLOEXEC);
  if (fd < 0) return -errno;
  int failed = make_marks();
  if (!failed) failed = ftruncate(fd, (off_t)total) ? -errno : replace_pieces(fd);
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
  int failed = fk_mappings_each_private_anonymous(note);
  if (!failed) failed = make_image();
  sigprocmask(SIG_SETMASK, &before, NULL);
  return failed;
}

/* The mark of the page at an address; NULL if it has none. */
static unsigned char *mark_of(const char *at) {
  for (int i = 0; i < count; i++)
    if (pieces[i].is_image && holds(&pieces[i], at)) return &pieces[i].is_image[(at - pieces[i].start) / PAGE];
  return NULL;
}

static int is_image(const char *at) {
  const unsigned char *mark = mark_of(at);
  return mark && *mark;
}

void image_release(const char *start, size_t length) {
  if (marks == MAP_FAILED) return;
  for (const char *at = start; at < start + length; at += PAGE)
    if (is_image(at)) *mark_of(at) = 0;
}

/* One run of pages that are all the image's, or all not. */
static char *end_of_run(char *start, const char *end) {
  char *at = start;
  while (at < end && is_image(at) == is_image(start)) at += PAGE;
  return at;
}

static int discard_run(char *start, size_t length) {
  if (!is_image(start)) return (int)syscall(SYS_madvise, start, length, MADV_DONTNEED);
  long mapped = syscall(SYS_mmap, start, length, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  if (mapped != (long)start) return -1;
  image_release(start, length);
  return 0;
}

int image_discard(char *start, size_t length) {
  const char *end = start + length;
  for (char *next; start < end; start = next) {
    next = end_of_run(start, end);
    if (discard_run(start, (size_t)(next - start)) != 0) return -1;
  }
  return 0;
}
