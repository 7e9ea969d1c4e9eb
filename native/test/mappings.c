#define _GNU_SOURCE
#include "../sys/mappings.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support.h"
#include "test.h"

#define MAPPINGS_MAX 8192
#define TEXT_MAX (2 * 1024 * 1024)

struct mapping {
  uintptr_t start;
  size_t length;
  int protection;
};

struct mappings {
  struct mapping each[MAPPINGS_MAX];
  int count;
};

/* Static, all of it: allocating would make mappings. */
static struct mappings visited, expected, expected_after;
static char text[TEXT_MAX];

static void add(struct mappings *to, uintptr_t start, size_t length, int protection) {
  CHECK(to->count < MAPPINGS_MAX);
  struct mapping *mapping = &to->each[to->count++];
  memset(mapping, 0, sizeof *mapping); /* they are compared byte by byte */
  mapping->start = start, mapping->length = length, mapping->protection = protection;
}

static void visit(void *start, size_t length, int protection) { add(&visited, (uintptr_t)start, length, protection); }

static void read_maps(void) {
  int fd = open("/proc/self/maps", O_RDONLY);
  size_t length = 0;
  ssize_t got;
  while ((got = read(fd, text + length, sizeof text - 1 - length)) > 0) length += (size_t)got;
  close(fd);
  CHECK(got == 0 && length < sizeof text - 1);
  text[length] = 0;
}

/* The same, as slowly and as plainly as it can be done. */
static void parse_naively(struct mappings *into) {
  read_maps();
  into->count = 0;
  for (char *line = text; *line; line = strchr(line, '\n') + 1) {
    unsigned long start, end, inode;
    char permissions[5];
    CHECK_EQUAL(sscanf(line, "%lx-%lx %4s %*x %*s %lu", &start, &end, permissions, &inode), 4);
    int protection = 0;
    if (strchr(permissions, 'r')) protection |= PROT_READ;
    if (strchr(permissions, 'w')) protection |= PROT_WRITE;
    if (strchr(permissions, 'x')) protection |= PROT_EXEC;
    if (permissions[3] == 'p' && inode == 0) add(into, start, end - start, protection);
  }
}

static void check_same(const struct mappings *a, const struct mappings *b) {
  CHECK_EQUAL(a->count, b->count);
  CHECK(memcmp(a->each, b->each, sizeof a->each[0] * (size_t)a->count) == 0);
}

static void check_visits(void) {
  parse_naively(&expected); /* once for what sscanf(3) itself might allocate */
  parse_naively(&expected);
  visited.count = 0;
  CHECK_EQUAL(fk_mappings_each_private_anonymous(visit), 0);
  parse_naively(&expected_after);
  check_same(&expected, &expected_after);
  check_same(&visited, &expected);
}

static int is_visited(void *start) {
  for (int i = 0; i < visited.count; i++)
    if (visited.each[i].start <= (uintptr_t)start && (uintptr_t)start < visited.each[i].start + visited.each[i].length)
      return 1;
  return 0;
}

static void *map(int flags, int fd) {
  void *start = mmap(NULL, 4096, PROT_READ, flags, fd, 0);
  CHECK(start != MAP_FAILED);
  return start;
}

TEST(private_anonymous_mappings_are_visited_and_no_others) {
  int file = open("/proc/self/exe", O_RDONLY), memory = memfd_create("a name (deleted) 0 with blanks", 0);
  CHECK(ftruncate(memory, 4096) == 0);
  void *private_anonymous = map(MAP_PRIVATE | MAP_ANONYMOUS, -1);
  void *shared_anonymous = map(MAP_SHARED | MAP_ANONYMOUS, -1);
  void *private_file = map(MAP_PRIVATE, file);
  void *shared_memory = map(MAP_SHARED, memory), *private_memory = map(MAP_PRIVATE, memory);
  int on_stack;
  check_visits();
  CHECK(is_visited(private_anonymous));
  CHECK(is_visited(&on_stack));
  CHECK(!is_visited(shared_anonymous));
  CHECK(!is_visited(private_file));
  CHECK(!is_visited(shared_memory));
  CHECK(!is_visited(private_memory));
  CHECK(is_visited(&visited) || is_visited((char *)&visited + sizeof visited - 1)); /* .bss, past the file's end */
}

TEST(thousands_of_mappings_are_visited_each_once) {
  enum { PAGES = 5000 };
  char *start = mmap(NULL, PAGES * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(start != MAP_FAILED);
  for (int page = 0; page < PAGES; page += 2) CHECK(mprotect(start + page * 4096, 4096, PROT_READ | PROT_WRITE) == 0);
  check_visits();
  CHECK(visited.count > PAGES - 2);
}

TEST(looking_at_the_mappings_leaves_nothing_open) {
  int before = descriptors();
  check_visits();
  CHECK_EQUAL(descriptors(), before);
}
