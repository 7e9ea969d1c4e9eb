#define _GNU_SOURCE
#include "../sys/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "support.h"
#include "test.h"

static int take(int listener) {
  int fd;
  WAIT_FOR((fd = accept(listener, NULL, NULL)) >= 0);
  return fd;
}

static int listen_on_ipv6(int dual_stack) {
  int fd = fk_listen_tcp(FK_IPV6, dual_stack ? "::" : "::1", 0, dual_stack, 8);
  if (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL) test_skip("no IPv6 on this machine");
  CHECK(fd >= 0);
  return fd;
}

static int connect_by_ipv4(unsigned short port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
  int error = errno;
  close(fd);
  return -error;
}

TEST(a_listening_socket_does_not_block_and_is_not_inherited_by_programs) {
  int fd = fk_listen_tcp(FK_IPV4, "127.0.0.1", 0, 0, 8);
  CHECK(is_close_on_exec(fd));
  CHECK(accept(fd, NULL, NULL) < 0);
  CHECK_EQUAL(errno, EAGAIN);
}

TEST(both_ends_of_a_tcp_connection_have_names) {
  int listener = listen_locally(), client = connect_to(listener), server = take(listener);
  struct fk_name local, peer;
  CHECK_EQUAL(fk_local_name(client, &local), 0);
  CHECK_EQUAL(fk_peer_name(server, &peer), 0);
  CHECK_EQUAL(peer.family, FK_IPV4);
  CHECK_TEXT(peer.host, "127.0.0.1");
  CHECK_EQUAL(peer.port, local.port);
  CHECK_EQUAL(fk_peer_name(client, &peer), 0);
  CHECK_EQUAL(peer.port, port_of(listener));
}

TEST(a_connection_that_was_reset_has_an_error_to_tell_once) {
  int listener = listen_locally(), client = connect_to(listener), server = take(listener);
  CHECK_EQUAL(fk_pending_error(server), 0);
  reset(client);
  CHECK_EQUAL(fk_pending_error(server), -ECONNRESET);
  CHECK_EQUAL(fk_pending_error(server), 0);
  CHECK_EQUAL(fk_pending_error(-1), -EBADF);
}

TEST(a_connection_does_not_wait_for_more_to_send) {
  int listener = listen_locally(), client = connect_to(listener), server = take(listener), no_delay = 0;
  socklen_t length = sizeof no_delay;
  CHECK(getsockopt(server, IPPROTO_TCP, TCP_NODELAY, &no_delay, &length) == 0);
  CHECK(no_delay != 0);
  close(client);
}

TEST(a_successor_may_listen_while_old_connections_die_away) {
  int listener = listen_locally(), client = connect_to(listener), server = take(listener);
  unsigned short port = port_of(listener);
  close(server); /* the first to close is the one that remembers */
  close(client);
  close(listener);
  CHECK(fk_listen_tcp(FK_IPV4, "127.0.0.1", port, 0, 8) >= 0);
}

TEST(a_pair_is_connected_and_nothing_else_stays_open) {
  int ends[2], before = descriptors();
  char byte = 0;
  CHECK_EQUAL(fk_tcp_pair(ends), 0);
  CHECK_EQUAL(descriptors(), before + 2);
  for (int i = 0; i < 2; i++) {
    CHECK(is_close_on_exec(ends[i]));
    CHECK_EQUAL(fcntl(ends[i], F_GETFL) & O_NONBLOCK, 0);
    CHECK(write(ends[i], "!", 1) == 1 && read(ends[1 - i], &byte, 1) == 1 && byte == '!');
  }
}

TEST(an_address_in_use_or_none_at_all_is_refused_and_nothing_stays_open) {
  int listener = listen_locally(), before = descriptors();
  CHECK_EQUAL(fk_listen_tcp(FK_IPV4, "127.0.0.1", port_of(listener), 0, 8), -EADDRINUSE);
  CHECK_EQUAL(fk_listen_tcp(FK_IPV4, "localhost", 0, 0, 8), -EINVAL);
  CHECK_EQUAL(fk_listen_tcp(FK_IPV4, "::1", 0, 0, 8), -EINVAL);
  CHECK_EQUAL(fk_listen_tcp(FK_IPV6, "127.0.0.1", 0, 0, 8), -EINVAL);
  CHECK_EQUAL(fk_listen_tcp(FK_IPV4, "192.0.2.1", 0, 0, 8), -EADDRNOTAVAIL);
  CHECK_EQUAL(descriptors(), before);
}

TEST(an_ipv6_socket_leaves_ipv4_to_others) {
  int listener = listen_on_ipv6(0), client = connect_to(listener);
  struct fk_name peer;
  CHECK_EQUAL(fk_peer_name(take(listener), &peer), 0);
  CHECK_EQUAL(peer.family, FK_IPV6);
  CHECK_TEXT(peer.host, "::1");
  CHECK(peer.port != 0 && peer.port == port_of(client));
  CHECK_EQUAL(connect_by_ipv4(port_of(listener)), -ECONNREFUSED);
}

TEST(a_dual_stack_socket_takes_ipv4_clients_and_names_them_so) {
  int listener = listen_on_ipv6(1);
  CHECK(connect_by_ipv4(port_of(listener)) >= 0);
  struct fk_name peer;
  CHECK_EQUAL(fk_peer_name(take(listener), &peer), 0);
  CHECK_EQUAL(peer.family, FK_IPV4);
  CHECK_TEXT(peer.host, "127.0.0.1");
}

TEST(without_dual_stack_even_the_address_of_all_is_ipv6s_alone) {
  int listener = listen_on_ipv6(1);
  unsigned short port = port_of(listener);
  close(listener);
  listener = fk_listen_tcp(FK_IPV6, "::", port, 0, 8);
  CHECK(listener >= 0);
  CHECK_EQUAL(connect_by_ipv4(port), -ECONNREFUSED);
}

TEST(a_socket_that_has_no_name_is_an_error) {
  int ends[2];
  struct fk_name name;
  CHECK(pipe(ends) == 0);
  CHECK_EQUAL(fk_local_name(ends[0], &name), -ENOTSOCK);
  CHECK_EQUAL(fk_peer_name(listen_locally(), &name), -ENOTCONN);
  CHECK_EQUAL(fk_peer_name(-1, &name), -EBADF);
}

static const char *path_in(const char *folder) {
  static char path[108];
  snprintf(path, sizeof path, "%s/socket", folder);
  return path;
}

TEST(a_unix_socket_listens_at_its_path) {
  const char *folder = make_folder(), *path = path_in(folder);
  int listener = fk_listen_unix(path, 8), client = connect_to(listener);
  struct fk_name name;
  CHECK(is_close_on_exec(listener));
  CHECK_EQUAL(fk_local_name(listener, &name), 0);
  CHECK_EQUAL(name.family, FK_UNIX);
  CHECK_TEXT(name.host, path);
  CHECK_EQUAL(fk_peer_name(take(listener), &name), 0);
  CHECK_EQUAL(name.family, FK_UNIX);
  CHECK_TEXT(name.host, "");
  CHECK(accept(listener, NULL, NULL) < 0 && errno == EAGAIN);
  close(client);
  unlink(path);
  remove_folder(folder);
}

TEST(a_socket_file_left_behind_is_replaced) {
  const char *folder = make_folder(), *path = path_in(folder);
  int first = fk_listen_unix(path, 8);
  CHECK(first >= 0);
  close(first);
  CHECK(access(path, F_OK) == 0);
  int second = fk_listen_unix(path, 8);
  CHECK(second >= 0);
  connect_to(second);
  take(second);
  unlink(path);
  remove_folder(folder);
}

TEST(a_socket_at_which_somebody_listens_is_not_replaced) {
  const char *folder = make_folder(), *path = path_in(folder);
  int first = fk_listen_unix(path, 0), before = descriptors();
  CHECK_EQUAL(fk_listen_unix(path, 8), -EADDRINUSE);
  CHECK_EQUAL(fk_listen_unix(path, 8), -EADDRINUSE); /* its backlog is full by now */
  CHECK_EQUAL(fk_listen_unix(path, 8), -EADDRINUSE);
  CHECK_EQUAL(descriptors(), before);
  while (accept(first, NULL, NULL) >= 0) continue;
  connect_to(first);
  take(first);
  unlink(path);
  remove_folder(folder);
}

TEST(what_is_no_socket_is_not_replaced) {
  const char *folder = make_folder(), *path = path_in(folder);
  int file = open(path, O_CREAT | O_WRONLY, 0600), before = descriptors();
  CHECK(write(file, "precious", 8) == 8);
  CHECK_EQUAL(fk_listen_unix(path, 8), -EADDRINUSE);
  CHECK_EQUAL(descriptors(), before);
  struct stat info;
  CHECK(stat(path, &info) == 0);
  CHECK_EQUAL(info.st_size, 8);
  unlink(path);
  remove_folder(folder);
}

TEST(a_path_must_fit_and_its_folder_must_be_there) {
  char path[109];
  int before = descriptors();
  memset(path, 'x', sizeof path - 1);
  path[108] = 0;
  CHECK_EQUAL(fk_listen_unix(path, 8), -ENAMETOOLONG);
  CHECK_EQUAL(fk_listen_unix("/nowhere/at/all", 8), -ENOENT);
  CHECK_EQUAL(descriptors(), before);
}

TEST(the_longest_path_is_named_whole) {
  const char *folder = make_folder();
  char path[108];
  size_t length = (size_t)snprintf(path, sizeof path, "%s/", folder);
  memset(path + length, 'x', sizeof path - 1 - length);
  path[107] = 0;
  int listener = fk_listen_unix(path, 8);
  struct fk_name name;
  CHECK_EQUAL(fk_local_name(listener, &name), 0);
  CHECK_TEXT(name.host, path);
  unlink(path);
  remove_folder(folder);
}
