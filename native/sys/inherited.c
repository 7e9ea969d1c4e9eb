#define _GNU_SOURCE
#include "inherited.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

static int read_option(int fd, int level, int option, int *value) {
  socklen_t length = sizeof *value;
  return getsockopt(fd, level, option, value, &length) == 0 ? 0 : -errno;
}

int fk_inspect_socket(int fd, struct fk_socket *socket) {
  int v6_only = 1;
  int failed = read_option(fd, SOL_SOCKET, SO_DOMAIN, &socket->domain);
  if (!failed) failed = read_option(fd, SOL_SOCKET, SO_TYPE, &socket->type);
  if (!failed) failed = read_option(fd, SOL_SOCKET, SO_ACCEPTCONN, &socket->is_listening);
  if (!failed && socket->domain == AF_INET6) failed = read_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only);
  socket->is_dual_stack = !v6_only;
  return failed;
}

int fk_adopt_listener(int fd) {
  int flags = fcntl(fd, F_GETFL), on = 1;
  if (flags < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return -errno;
  /* Workers wait for all listeners at once, and another may have taken the connection that woke them. */
  if (fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) return -errno;
  if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 || errno == EOPNOTSUPP) return 0; /* Unix has no delay */
  return -errno;
}
