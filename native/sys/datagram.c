#define _GNU_SOURCE
#include "datagram.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int fk_datagram_socket(void) {
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  return fd < 0 ? -errno : fd;
}

int fk_send_datagram(int fd, const char *name, const void *bytes, size_t length) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t size = strlen(name);
  if (size < 2 || (name[0] != '/' && name[0] != '@')) return -EINVAL;
  if (size >= sizeof address.sun_path) return -ENAMETOOLONG;
  memcpy(address.sun_path, name, size);
  if (name[0] == '@') address.sun_path[0] = 0;
  /* Of an abstract name each byte counts, so that it must end with the address: unix(7). */
  socklen_t end = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + (name[0] == '/'));
  long sent;
  do sent = sendto(fd, bytes, length, MSG_NOSIGNAL, (struct sockaddr *)&address, end);
  while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : 0;
}
