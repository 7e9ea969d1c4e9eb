#define _GNU_SOURCE
#include "mappings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static uintptr_t parse_hex(const char **at) {
  uintptr_t value = 0;
  for (;; ++*at) {
    char c = **at;
    if (c >= '0' && c <= '9') value = value << 4 | (uintptr_t)(c - '0');
    else if (c >= 'a' && c <= 'f') value = value << 4 | (uintptr_t)(c - 'a' + 10);
    else return value;
  }
}

static void skip_field(const char **at) {
  while (**at != ' ' && **at != '\n') ++*at;
  while (**at == ' ') ++*at;
}

/* "rwxp", with a dash for what is not allowed. */
static int parse_protection(const char *letters) {
  return (letters[0] == 'r' ? PROT_READ : 0) | (letters[1] == 'w' ? PROT_WRITE : 0) | (letters[2] == 'x' ? PROT_EXEC : 0);
}

/* "start-end rwxp offset device inode [path]", ended by a newline; a private anonymous one has inode 0 and a p. */
static void visit_line(const char *line, void *visitor) {
  const char *at = line;
  uintptr_t start = parse_hex(&at);
  at++;
  uintptr_t end = parse_hex(&at);
  at++;
  int is_private = at[3] == 'p', protection = parse_protection(at);
  skip_field(&at);
  skip_field(&at);
  skip_field(&at);
  int is_anonymous = at[0] == '0' && (at[1] == ' ' || at[1] == '\n');
  if (is_private && is_anonymous) (*(fk_mapping_visitor **)visitor)((void *)start, end - start, protection);
}

/* See the whole lines among `length` bytes; how many bytes they were. */
static size_t see_lines(const char *bytes, size_t length, void (*see)(const char *, void *), void *context) {
  size_t done = 0;
  const char *end;
  while ((end = memchr(bytes + done, '\n', length - done))) {
    see(bytes + done, context);
    done = (size_t)(end - bytes) + 1;
  }
  return done;
}

int fk_each_line(const char *path, void (*see)(const char *, void *), void *context) {
  static char buffer[16 * 1024]; /* the kernel hands over whole lines, a page at a time */
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  size_t kept = 0;
  ssize_t got;
  while ((got = read(fd, buffer + kept, sizeof buffer - kept)) > 0) {
    size_t length = kept + (size_t)got, done = see_lines(buffer, length, see, context);
    kept = length - done;
    memmove(buffer, buffer + done, kept);
  }
  int error = got < 0 ? -errno : 0;
  close(fd);
  return error;
}

int fk_mappings_each_private_anonymous(fk_mapping_visitor *visit) {
  return fk_each_line("/proc/self/maps", visit_line, &visit);
}
