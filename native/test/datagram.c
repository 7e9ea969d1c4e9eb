#define _GNU_SOURCE
#include "../sys/datagram.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support.h"
#include "test.h"

/* Hears what is sent to that name; the abstract one if it begins with `@`. */
static int hear_at(const char *name) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strcpy(address.sun_path, name);
  if (name[0] == '@') address.sun_path[0] = 0;
  socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name) + (name[0] == '/'));
  int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  CHECK(bind(fd, (struct sockaddr *)&address, length) == 0);
  return fd;
}

static const char *heard(int fd) {
  static char text[64];
  ssize_t length = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
  text[length < 0 ? 0 : length] = 0;
  return text;
}

static const char *path_in(const char *folder) {
  static char path[108];
  snprintf(path, sizeof path, "%s/notify", folder);
  return path;
}

TEST(a_datagram_comes_whole_and_alone_at_a_path) {
  const char *folder = make_folder(), *path = path_in(folder);
  int hearer = hear_at(path), fd = fk_datagram_socket();
  CHECK(is_close_on_exec(fd) && fcntl(fd, F_GETFL) & O_NONBLOCK);
  CHECK_EQUAL(fk_send_datagram(fd, path, "READY=1\n", 8), 0);
  CHECK_EQUAL(fk_send_datagram(fd, path, "STOPPING=1\n", 11), 0);
  CHECK_TEXT(heard(hearer), "READY=1\n");
  CHECK_TEXT(heard(hearer), "STOPPING=1\n");
  unlink(path);
  remove_folder(folder);
}

TEST(a_datagram_comes_at_an_abstract_name) {
  char name[64];
  snprintf(name, sizeof name, "@forkd-test-%d", getpid());
  int hearer = hear_at(name);
  CHECK_EQUAL(fk_send_datagram(fk_datagram_socket(), name, "READY=1", 7), 0);
  CHECK_TEXT(heard(hearer), "READY=1");
}

TEST(a_queue_that_is_full_is_not_waited_for) {
  const char *folder = make_folder(), *path = path_in(folder);
  int hearer = hear_at(path), fd = fk_datagram_socket(), result = 0;
  while (result == 0) result = fk_send_datagram(fd, path, "WATCHDOG=1", 10);
  CHECK_EQUAL(result, -EAGAIN);
  CHECK_TEXT(heard(hearer), "WATCHDOG=1");
  CHECK_EQUAL(fk_send_datagram(fd, path, "WATCHDOG=1", 10), 0);
  unlink(path);
  remove_folder(folder);
}

TEST(a_datagram_for_nobody_is_an_error) {
  char name[110];
  int fd = fk_datagram_socket();
  CHECK_EQUAL(fk_send_datagram(fd, "/nowhere/at/all", "", 0), -ENOENT);
  CHECK_EQUAL(fk_send_datagram(fd, "@forkd-test-nobody", "", 0), -ECONNREFUSED);
  CHECK_EQUAL(fk_send_datagram(fd, "relative", "", 0), -EINVAL);
  CHECK_EQUAL(fk_send_datagram(fd, "@", "", 0), -EINVAL);
  CHECK_EQUAL(fk_send_datagram(fd, "", "", 0), -EINVAL);
  memset(name, '/', sizeof name - 1);
  name[109] = 0;
  CHECK_EQUAL(fk_send_datagram(fd, name, "", 0), -ENAMETOOLONG);
  CHECK_EQUAL(fk_send_datagram(-1, "/nowhere", "", 0), -EBADF);
}
