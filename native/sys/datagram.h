/* Datagrams to a Unix socket of somebody else's. Every function returns -errno on failure. */
#ifndef FORKD_DATAGRAM_H
#define FORKD_DATAGRAM_H

#include <stddef.h>

/* A socket to send from: non-blocking, close-on-exec, without a name of its own. */
int fk_datagram_socket(void);

/* Sends one to the socket at a path, or with the abstract name that follows `@`. 0; -EAGAIN if its queue is full. */
int fk_send_datagram(int fd, const char *name, const void *bytes, size_t length);

#endif
