#define _GNU_SOURCE
#include "../sys/title.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "support.h"
#include "test.h"

/* What ps(1) shows: up to the first NUL. */
static const char *command_line(void) {
  static char text[4096];
  int fd = open("/proc/self/cmdline", O_RDONLY);
  ssize_t length = read(fd, text, sizeof text - 1);
  close(fd);
  text[length > 0 ? length : 0] = 0;
  return text;
}

static const char *thread_name(void) {
  static char name[16];
  CHECK(prctl(PR_GET_NAME, name, 0, 0, 0) == 0);
  return name;
}

static char longest[4000];

/* As much as the command line had room for when the process began. */
static const char *as_much_as_fits(void) {
  memset(longest, 'x', sizeof longest - 1);
  fk_title_set(longest);
  return command_line();
}

TEST(a_process_is_called_what_it_says) {
  CHECK_EQUAL(fk_title_find(), 0);
  fk_title_set("f");
  CHECK_TEXT(command_line(), "f");
  CHECK_TEXT(thread_name(), "f");
}

TEST(a_title_is_cut_where_there_is_no_more_room) {
  const char *path = getenv("PATH");
  char *was = strdup(path ? path : "");
  size_t room = strlen(command_line());
  CHECK_EQUAL(fk_title_find(), 0);
  const char *title = as_much_as_fits();
  CHECK(strlen(title) >= room && strspn(title, "x") == strlen(title));
  CHECK_TEXT(thread_name(), "xxxxxxxxxxxxxxx");
  CHECK_TEXT(path ? path : "", was); /* the environment begins where the command line ends */
}

TEST(nothing_is_left_of_a_longer_title) {
  CHECK_EQUAL(fk_title_find(), 0);
  as_much_as_fits();
  fk_title_set("f");
  CHECK_TEXT(command_line(), "f");
}

TEST(a_child_sets_its_own_title_alone) {
  CHECK_EQUAL(fk_title_find(), 0);
  fk_title_set("f");
  pid_t pid = child();
  if (pid == 0) {
    fk_title_set("g");
    CHECK_TEXT(command_line(), "g");
    _exit(0);
  }
  CHECK_EQUAL(end_of(pid), 0);
  CHECK_TEXT(command_line(), "f");
}

TEST(looking_for_the_title_leaves_nothing_open) {
  int before = descriptors();
  CHECK_EQUAL(fk_title_find(), 0);
  CHECK_EQUAL(descriptors(), before);
}
