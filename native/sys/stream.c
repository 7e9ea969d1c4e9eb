#define _GNU_SOURCE
#include "stream.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "worker.h"

#define LINGER_MS 1000
#define GATHER_MS 10
#define LOG_PATIENCE_MS 200

/* A signal came: go on (0), or a deadline has passed. */
static int after_interruption(void) { return fk_deadline_passed() == FK_NONE ? 0 : -ETIMEDOUT; }

static double read_at;    /* when bytes have come */
static int gathers;       /* while JavaScript is called because some have */
static int kept_for = -1; /* the descriptor whose last output the kernel may be keeping, to send it together with more */

int fk_read_long_ago(void) { return fk_now_ms() - read_at >= GATHER_MS; }

static int send_flags(int fd, int more) {
  int is_kept = more && !fk_read_long_ago();
  kept_for = is_kept ? fd : -1;
  return is_kept ? MSG_NOSIGNAL | MSG_MORE : MSG_NOSIGNAL;
}

static void note_received(long count) {
  read_at = fk_now_ms();
  fk_worker.slot->bytes_in += (double)count;
}

void fk_gather_output(void) { gathers = 1; }

void fk_send_gathered(void) {
  int no = 0;
  if (kept_for >= 0) setsockopt(kept_for, IPPROTO_TCP, TCP_CORK, &no, sizeof no);
  kept_for = -1;
  gathers = 0;
}

long fk_read(int fd, void *bytes, size_t size) {
  fk_send_gathered();
  for (;;) {
    long got = recv(fd, bytes, size, 0);
    if (got >= 0) {
      note_received(got);
      return got;
    }
    if (errno != EINTR) return -errno;
    int passed = after_interruption();
    if (passed < 0) return passed;
  }
}

long fk_read_now(int fd, void *bytes, size_t size) {
  long got;
  do got = recv(fd, bytes, size, MSG_DONTWAIT);
  while (got < 0 && errno == EINTR);
  if (got < 0) return -errno;
  note_received(got);
  return got;
}

/* So many bytes are the kernel's now: the peer has taken others, or there was room. Either is progress. */
static void note_sent(size_t count) {
  fk_worker.slot->bytes_out += (double)count;
  fk_deadlines_rearm_idle();
}

int fk_write_all(int fd, const void *bytes, size_t length, int more) {
  size_t done = 0;
  while (done < length) {
    long sent = send(fd, (const char *)bytes + done, length - done, send_flags(fd, more));
    if (sent < 0 && errno != EINTR) return -errno;
    if (sent > 0) note_sent((size_t)sent), done += (size_t)sent;
    int passed = done < length ? after_interruption() : 0;
    if (passed < 0) return passed;
  }
  return 0;
}

long fk_write_now(int fd, const void *bytes, size_t length, int more) {
  long sent = 0;
  do {
    if (length > 0) sent = send(fd, bytes, length, send_flags(fd, more && gathers) | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0 && errno != EAGAIN) return -errno;
  if (sent < 0) sent = 0;
  note_sent((size_t)sent);
  return (long)length - sent;
}

static int unread(int fd) {
  int bytes = 0;
  return ioctl(fd, FIONREAD, &bytes) == 0 && bytes > 0;
}

void fk_finish(int fd) {
  kept_for = -1; /* what is kept goes with the end */
  if (shutdown(fd, SHUT_WR) != 0 || !unread(fd)) return;
  static char waste[16 * 1024];
  double until = fk_now_ms() + LINGER_MS, left = LINGER_MS;
  struct pollfd readable = {.fd = fd, .events = POLLIN};
  while (left > 0) {
    poll(&readable, 1, (int)left + 1); /* a signal may end it early: the time that is left tells */
    long got = recv(fd, waste, sizeof waste, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN)) return;
    left = until - fk_now_ms();
  }
}

/* write(2), but never waiting: others may have filled the pipe since it had room. Linux before 6.4 cannot, and waits. */
static long write_at_once(int fd, const void *bytes, size_t length) {
  struct iovec record = {(void *)bytes, length};
  long done = pwritev2(fd, &record, 1, -1, RWF_NOWAIT);
  return done < 0 && errno == EOPNOTSUPP ? write(fd, bytes, length) : done;
}

int fk_log_write(int fd, const void *bytes, size_t length) {
  double until = fk_now_ms() + LOG_PATIENCE_MS, left = LOG_PATIENCE_MS;
  struct pollfd writable = {.fd = fd, .events = POLLOUT};
  while (left > 0) {
    int ready = poll(&writable, 1, (int)left + 1);
    if (ready > 0 && write_at_once(fd, bytes, length) >= 0) return 0;
    if (ready > 0 && errno != EAGAIN && errno != EINTR) return -errno;
    left = until - fk_now_ms();
  }
  return -EAGAIN;
}

/* A pipe that is writable has room for PIPE_BUF bytes: pipe(7). Not made O_NONBLOCK: others may have the same open file. */
long fk_write_ready(int fd, const void *bytes, size_t length) {
  struct pollfd writable = {.fd = fd, .events = POLLOUT};
  if (poll(&writable, 1, 0) == 0) return -EAGAIN;
  long done = write(fd, bytes, length < PIPE_BUF ? length : PIPE_BUF);
  return done < 0 ? -errno : done;
}
