/* The control socket between supervisor and zygote: a pair of stream sockets over which descriptors travel. */
#ifndef FORKD_PASSING_H
#define FORKD_PASSING_H

#include <stddef.h>

#define FK_PASSED_MAX 64

/* Both ends close-on-exec. 0 or -errno. */
int fk_socket_pair(int ends[2]);

/* Send `length` bytes, the first of them with `count` descriptors. The bytes sent, or -errno. */
long fk_send(int fd, const void *bytes, size_t length, const int *descriptors, int count);

/* Receive what is there, descriptors included (close-on-exec). The bytes, 0 at the end, or -errno. */
long fk_receive(int fd, void *bytes, size_t size, int *descriptors, int *count, int wait);

#endif
