/* Sockets that this process was started with. Every function returns -errno on failure. */
#ifndef FORKD_INHERITED_H
#define FORKD_INHERITED_H

struct fk_socket {
  int domain, type; /* AF_INET, SOCK_STREAM and the like */
  int is_listening;
  int is_dual_stack; /* an IPv6 one that takes IPv4 clients too */
};

/* What kind of socket a descriptor is; -ENOTSOCK if it is none, -EBADF if it is not open. */
int fk_inspect_socket(int fd, struct fk_socket *socket);

/* Makes a listening socket like those that forkd opens: close-on-exec, non-blocking, and with no delay if it is TCP's. */
int fk_adopt_listener(int fd);

#endif
