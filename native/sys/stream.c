#define _GNU_SOURCE
#include "stream.h"

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "worker.h"

#define LINGER_MS 1000
#define LOG_PATIENCE_MS 200

/* A signal came: go on (0), or a deadline has passed. */
static int after_interruption(void) { return fk_deadline_passed() == FK_NONE ? 0 : -ETIMEDOUT; }

long fk_read(int fd, void *bytes, size_t size) {
  for (;;) {
    long got = recv(fd, bytes, size, 0);
    if (got >= 0) {
      fk_worker.slot->bytes_in += (double)got;
      return got;
    }
    if (errno != EINTR) return -errno;
    int passed = after_interruption();
    if (passed < 0) return passed;
  }
}

int fk_write_all(int fd, const void *bytes, size_t length) {
  size_t done = 0;
  while (done < length) {
    long sent = send(fd, (const char *)bytes + done, length - done, MSG_NOSIGNAL);
    if (sent < 0 && errno != EINTR) return -errno;
    if (sent > 0) done += (size_t)sent;
    int passed = done < length ? after_interruption() : 0;
    if (passed < 0) return passed;
  }
  fk_worker.slot->bytes_out += (double)length;
  fk_deadlines_rearm_idle();
  return 0;
}

static int unread(int fd) {
  int bytes = 0;
  return ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0;
}

void fk_finish(int fd) {
  if (shutdown(fd, SHUT_WR) != 0 || !unread(fd)) return;
  static char waste[16 * 1024];
  double until = fk_now_ms() + LINGER_MS, left = LINGER_MS;
  struct pollfd readable = {.fd = fd, .events = POLLIN};
  while (left > 0 && poll(&readable, 1, (int)left + 1) >= 0) {
    long got = recv(fd, waste, sizeof waste, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN)) return;
    left = until - fk_now_ms();
  }
}

int fk_log_write(int fd, const void *bytes, size_t length) {
  struct pollfd writable = {.fd = fd, .events = POLLOUT};
  int ready;
  do ready = poll(&writable, 1, LOG_PATIENCE_MS);
  while (ready < 0 && errno == EINTR);
  if (ready == 0) return -EAGAIN;
  long done;
  do done = write(fd, bytes, length);
  while (done < 0 && errno == EINTR);
  return done < 0 ? -errno : 0;
}
