#define _GNU_SOURCE
#include "progress.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "stream.h"

static uint64_t last_taken;

/* What only grows as the peer takes bytes: those TCP has seen acknowledged; for a Unix socket, what is left, negated. */
static uint64_t taken(int fd, int waiting) {
  struct tcp_info info;
  socklen_t length = sizeof info;
  int is_tcp = getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0;
  size_t needed = offsetof(struct tcp_info, tcpi_bytes_acked) + sizeof info.tcpi_bytes_acked;
  return is_tcp && length >= needed ? info.tcpi_bytes_acked : UINT64_MAX - (uint64_t)waiting;
}

int fk_peer_is_reading(int fd) {
  int waiting = 0;
  if (ioctl(fd, SIOCOUTQ, &waiting) != 0 || waiting == 0) return 0;
  uint64_t now = taken(fd, waiting), before = last_taken;
  last_taken = now;
  return now != before;
}

void fk_abandon_output(int fd) {
  fk_send_gathered();
  int waiting = 0;
  struct linger at_once = {.l_onoff = 1, .l_linger = 0};
  if (ioctl(fd, SIOCOUTQ, &waiting) == 0 && waiting > 0) setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void fk_progress_reset(void) { last_taken = 0; }
