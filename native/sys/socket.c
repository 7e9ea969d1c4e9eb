#define _GNU_SOURCE
#include "socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

typedef int name_function(int, struct sockaddr *, socklen_t *);

static int fail_closing(int fd) {
  int error = errno;
  close(fd);
  return -error;
}

static int bind_and_listen(int fd, const struct sockaddr *address, socklen_t length, int backlog) {
  if (bind(fd, address, length) != 0 || listen(fd, backlog) != 0) return fail_closing(fd);
  return fd;
}

static int address_in_figures(int family, const char *host, uint16_t port, struct sockaddr_storage *address) {
  memset(address, 0, sizeof *address);
  if (family == FK_IPV4) {
    struct sockaddr_in *in = (struct sockaddr_in *)address;
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    return inet_pton(AF_INET, host, &in->sin_addr) == 1 ? (int)sizeof *in : -EINVAL;
  }
  struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;
  in6->sin6_family = AF_INET6;
  in6->sin6_port = htons(port);
  return inet_pton(AF_INET6, host, &in6->sin6_addr) == 1 ? (int)sizeof *in6 : -EINVAL;
}

int fk_listen_tcp(int family, const char *host, uint16_t port, int dual_stack, int backlog) {
  struct sockaddr_storage address;
  int length = address_in_figures(family, host, port, &address);
  if (length < 0) return length;
  int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  int on = 1, v6_only = !dual_stack;
  /* SO_REUSEADDR: connections in TIME_WAIT, left by a predecessor, must not keep the port from its successor. */
  if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return fail_closing(fd);
  /* TCP_NODELAY is inherited by accepted sockets: set here, it costs nothing for each connection. */
  if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) return fail_closing(fd);
  if (family == FK_IPV6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only) != 0)
    return fail_closing(fd);
  return bind_and_listen(fd, (struct sockaddr *)&address, (socklen_t)length, backlog);
}

static int connect_to(int listener) {
  struct sockaddr_in address;
  socklen_t length = sizeof address;
  if (getsockname(listener, (struct sockaddr *)&address, &length) != 0) return -errno;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  return connect(fd, (struct sockaddr *)&address, length) == 0 ? fd : fail_closing(fd);
}

int fk_tcp_pair(int ends[2]) {
  int listener = fk_listen_tcp(FK_IPV4, "127.0.0.1", 0, 0, 1);
  if (listener < 0) return listener;
  ends[1] = connect_to(listener);
  ends[0] = ends[1] < 0 ? ends[1] : accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  int error = ends[0] < 0 && ends[1] >= 0 ? fail_closing(ends[1]) : ends[0];
  close(listener);
  return error < 0 ? error : 0;
}

/* Whether `address` is a socket file left behind: it is there, and connecting to it is refused. */
static int is_stale(const struct sockaddr_un *address) {
  struct stat info;
  if (stat(address->sun_path, &info) != 0 || !S_ISSOCK(info.st_mode)) return 0;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return 0;
  int refused = connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 && errno == ECONNREFUSED;
  close(fd);
  return refused;
}

int fk_listen_unix(const char *path, int backlog) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) return -ENAMETOOLONG;
  strcpy(address.sun_path, path);
  if (is_stale(&address)) unlink(path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  return bind_and_listen(fd, (struct sockaddr *)&address, sizeof address, backlog);
}

int fk_listen_again(int fd, int backlog) { return listen(fd, backlog) == 0 ? 0 : -errno; }

static void read_unix_name(const struct sockaddr_un *un, socklen_t length, struct fk_name *name) {
  name->family = FK_UNIX;
  if (length <= offsetof(struct sockaddr_un, sun_path)) return;
  size_t size = length - offsetof(struct sockaddr_un, sun_path), most = sizeof name->host - 1;
  memcpy(name->host, un->sun_path, size < most ? size : most);
  if (size > 1 && name->host[0] == 0) name->host[0] = '@'; /* an abstract one, as everybody writes it */
}

static void read_ipv6_name(const struct sockaddr_in6 *in6, struct fk_name *name) {
  name->port = ntohs(in6->sin6_port);
  if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) { /* an IPv4 client of a dual-stack socket */
    name->family = FK_IPV4;
    inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], name->host, sizeof name->host);
    return;
  }
  name->family = FK_IPV6;
  inet_ntop(AF_INET6, &in6->sin6_addr, name->host, sizeof name->host);
}

static int read_name(int fd, name_function *ask, struct fk_name *name) {
  struct sockaddr_storage address = {0};
  socklen_t length = sizeof address;
  if (ask(fd, (struct sockaddr *)&address, &length) != 0) return -errno;
  memset(name, 0, sizeof *name);
  if (address.ss_family == AF_INET6) {
    read_ipv6_name((struct sockaddr_in6 *)&address, name);
  } else if (address.ss_family == AF_INET) {
    struct sockaddr_in *in = (struct sockaddr_in *)&address;
    name->family = FK_IPV4;
    name->port = ntohs(in->sin_port);
    inet_ntop(AF_INET, &in->sin_addr, name->host, sizeof name->host);
  } else {
    read_unix_name((struct sockaddr_un *)&address, length, name);
  }
  return 0;
}

int fk_local_name(int fd, struct fk_name *name) { return read_name(fd, getsockname, name); }

int fk_peer_name(int fd, struct fk_name *name) { return read_name(fd, getpeername, name); }

int fk_pending_error(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? -error : -errno;
}
