#define _GNU_SOURCE
#include "../sys/scoreboard.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"
#include "test.h"

static struct fk_slot *map_slot(int memfd, int slot, void *where) {
  return fk_scoreboard_map(memfd, (uint64_t)(slot + 1) * FK_PAGE, FK_PAGE, where);
}

TEST(a_scoreboard_has_a_page_for_the_header_and_one_for_each_slot) {
  int memfd = fk_scoreboard_create(3);
  struct stat info;
  CHECK(fstat(memfd, &info) == 0);
  CHECK_EQUAL(info.st_size, 4 * FK_PAGE);
  CHECK(is_close_on_exec(memfd));
}

TEST(what_one_process_writes_another_reads) {
  int memfd = fk_scoreboard_create(2);
  struct fk_slot *second = map_slot(memfd, 1, NULL);
  pid_t pid = child();
  if (pid == 0) {
    struct fk_slot *same = map_slot(memfd, 1, NULL);
    atomic_store(&same->pid, 1234);
    _exit(0);
  }
  CHECK_EQUAL(end_of(pid), 0);
  CHECK_EQUAL(atomic_load(&second->pid), 1234);
  CHECK_EQUAL(atomic_load(&map_slot(memfd, 0, NULL)->pid), 0);
}

TEST(each_child_finds_its_own_slot_at_the_same_address) {
  int memfd = fk_scoreboard_create(2);
  void *window = mmap(NULL, FK_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int slot = 0; slot < 2; slot++) {
    pid_t pid = child();
    if (pid == 0) {
      CHECK(map_slot(memfd, slot, window) == window);
      ((struct fk_slot *)window)->served = 10 + slot;
      _exit(0);
    }
    CHECK_EQUAL(end_of(pid), 0);
  }
  CHECK_EQUAL(map_slot(memfd, 0, NULL)->served, 10);
  CHECK_EQUAL(map_slot(memfd, 1, NULL)->served, 11);
  CHECK_EQUAL(((struct fk_slot *)window)->served, 0);
}

TEST(a_scoreboard_that_cannot_be_mapped_says_why) {
  CHECK(fk_scoreboard_map(-1, 0, FK_PAGE, NULL) == NULL);
  CHECK_EQUAL(errno, EBADF);
}

TEST(a_page_that_nobody_has_used_takes_up_no_memory) {
  int memfd = fk_scoreboard_create(100000);
  struct stat info;
  CHECK_EQUAL((fstat(memfd, &info), info.st_blocks), 0);
  atomic_store(&map_slot(memfd, 99999, NULL)->pid, 1234);
  CHECK_EQUAL((fstat(memfd, &info), info.st_blocks * 512), FK_PAGE);
}

TEST(where_files_may_not_be_as_large_that_is_said_and_ends_nobody) {
  pid_t pid = child();
  if (pid == 0) {
    struct rlimit limit = {4 * FK_PAGE, 4 * FK_PAGE};
    setrlimit(RLIMIT_FSIZE, &limit);
    _exit(fk_scoreboard_create(3) >= 0 && fk_scoreboard_create(4) == -EFBIG ? 0 : 1);
  }
  CHECK_EQUAL(end_of(pid), 0);
}

TEST(what_is_kept_from_children_is_not_in_them) {
  int memfd = fk_scoreboard_create(2);
  void *slots = fk_scoreboard_map(memfd, FK_PAGE, 2 * FK_PAGE, NULL);
  CHECK(is_mapped(slots));
  CHECK_EQUAL(fk_scoreboard_keep_to_oneself(slots, 2 * FK_PAGE), 0);
  pid_t pid = child();
  if (pid == 0) _exit(is_mapped(slots) ? 1 : 0);
  CHECK_EQUAL(end_of(pid), 0);
}
