#define _GNU_SOURCE
#include "../sys/inherited.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../sys/socket.h"
#include "support.h"
#include "test.h"

static int inheritable(int domain, int type) {
  int fd = socket(domain, type, 0);
  if (fd == -1 && errno == EAFNOSUPPORT) test_skip("no IPv6 on this machine");
  CHECK(fd >= 0);
  return fd;
}

static struct fk_socket inspected(int fd) {
  struct fk_socket socket;
  CHECK_EQUAL(fk_inspect_socket(fd, &socket), 0);
  return socket;
}

static int is_blocking(int fd) { return !(fcntl(fd, F_GETFL) & O_NONBLOCK); }

TEST(a_socket_is_told_by_its_kind) {
  struct fk_socket listener = inspected(listen_locally());
  CHECK_EQUAL(listener.domain, AF_INET);
  CHECK_EQUAL(listener.type, SOCK_STREAM);
  CHECK(listener.is_listening && !listener.is_dual_stack);
  struct fk_socket datagram = inspected(inheritable(AF_UNIX, SOCK_DGRAM));
  CHECK_EQUAL(datagram.domain, AF_UNIX);
  CHECK_EQUAL(datagram.type, SOCK_DGRAM);
  CHECK(!datagram.is_listening && !datagram.is_dual_stack);
}

TEST(a_socket_that_takes_both_families_is_told_from_one_that_does_not) {
  int fd = inheritable(AF_INET6, SOCK_STREAM), on = 1, off = 0;
  CHECK(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) == 0);
  CHECK(inspected(fd).is_dual_stack);
  CHECK(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0);
  CHECK(!inspected(fd).is_dual_stack);
}

TEST(what_is_no_socket_is_told) {
  int ends[2];
  struct fk_socket socket;
  CHECK(pipe(ends) == 0);
  CHECK_EQUAL(fk_inspect_socket(ends[0], &socket), -ENOTSOCK);
  CHECK_EQUAL(fk_inspect_socket(-1, &socket), -EBADF);
  CHECK_EQUAL(fk_adopt_listener(ends[0]), -ENOTSOCK);
  CHECK_EQUAL(fk_adopt_listener(-1), -EBADF);
}

TEST(an_adopted_listener_is_like_one_of_forkds_own) {
  int fd = inheritable(AF_INET, SOCK_STREAM), no_delay = 0;
  socklen_t length = sizeof no_delay;
  CHECK(listen(fd, 8) == 0);
  CHECK(!is_close_on_exec(fd) && is_blocking(fd));
  CHECK_EQUAL(fk_adopt_listener(fd), 0);
  CHECK(is_close_on_exec(fd) && !is_blocking(fd));
  CHECK(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &length) == 0 && no_delay);
}

TEST(a_unix_listener_is_adopted_and_named_with_its_abstract_name) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int length = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "forkd-test-%d", getpid());
  int fd = inheritable(AF_UNIX, SOCK_STREAM);
  CHECK(bind(fd, (struct sockaddr *)&address, (socklen_t)(sizeof address.sun_family + 1 + (size_t)length)) == 0);
  CHECK(listen(fd, 8) == 0);
  CHECK_EQUAL(fk_adopt_listener(fd), 0);
  CHECK(is_close_on_exec(fd) && !is_blocking(fd));
  struct fk_name name;
  char wanted[64];
  snprintf(wanted, sizeof wanted, "@forkd-test-%d", getpid());
  CHECK_EQUAL(fk_local_name(fd, &name), 0);
  CHECK_TEXT(name.host, wanted);
}
