#define _GNU_SOURCE
#include "passing.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

union passed {
  char bytes[CMSG_SPACE(sizeof(int) * FK_PASSED_MAX)];
  struct cmsghdr align;
};

int fk_socket_pair(int ends[2]) {
  return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0 ? 0 : -errno;
}

static void attach(struct msghdr *message, union passed *passed, const int *descriptors, int count) {
  message->msg_control = passed->bytes;
  message->msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count);
  struct cmsghdr *part = CMSG_FIRSTHDR(message);
  part->cmsg_level = SOL_SOCKET;
  part->cmsg_type = SCM_RIGHTS;
  part->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
  memcpy(CMSG_DATA(part), descriptors, sizeof(int) * (size_t)count);
}

long fk_send(int fd, const void *bytes, size_t length, const int *descriptors, int count) {
  if (count > FK_PASSED_MAX) return -E2BIG;
  union passed passed = {{0}};
  struct iovec part = {.iov_base = (void *)bytes, .iov_len = length};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (count > 0) attach(&message, &passed, descriptors, count);
  long sent;
  do sent = sendmsg(fd, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : sent;
}

long fk_receive(int fd, void *bytes, size_t size, int *descriptors, int *count, int wait) {
  union passed passed;
  struct iovec part = {.iov_base = bytes, .iov_len = size};
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = passed.bytes, .msg_controllen = sizeof passed.bytes};
  long received;
  do received = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
  while (received < 0 && errno == EINTR);
  *count = 0;
  if (received < 0) return -errno;
  if (message.msg_flags & MSG_CTRUNC) return -EMFILE; /* there was no room for all of them; what came is lost */
  struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
  if (rights && rights->cmsg_level == SOL_SOCKET && rights->cmsg_type == SCM_RIGHTS) {
    *count = (int)((rights->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    memcpy(descriptors, CMSG_DATA(rights), sizeof(int) * (size_t)*count);
  }
  return received;
}
