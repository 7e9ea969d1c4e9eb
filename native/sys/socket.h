/* Listening sockets and the names of their ends. Every function returns -errno on failure. */
#ifndef FORKD_SOCKET_H
#define FORKD_SOCKET_H

#include <stddef.h>
#include <stdint.h>

enum fk_family { FK_IPV4 = 4, FK_IPV6 = 6, FK_UNIX = 1 };

struct fk_name {
  int family;
  uint16_t port;
  char host[108]; /* an address in figures, a path (unix(7) allows 108 bytes with the final NUL), or `@` and an abstract name */
};

/* A non-blocking, close-on-exec socket that listens. An IPv6 one takes IPv4 clients too only if `dual_stack`. */
int fk_listen_tcp(int family, const char *host, uint16_t port, int dual_stack, int backlog);

/* The same at a path. A socket file that nobody listens at any more is replaced. */
int fk_listen_unix(const char *path, int backlog);

/* Another backlog for a socket that listens. */
int fk_listen_again(int fd, int backlog);

/* Two ends of one TCP connection over the loopback interface, close-on-exec and blocking. */
int fk_tcp_pair(int ends[2]);

int fk_local_name(int fd, struct fk_name *name);
int fk_peer_name(int fd, struct fk_name *name);

/* What a connection has failed with and nobody has been told of yet, as -errno; 0 if it is well. */
int fk_pending_error(int fd);

#endif
