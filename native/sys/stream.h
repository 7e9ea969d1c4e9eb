/* Reading and writing a connection within its deadlines. -errno on failure; -ETIMEDOUT says: a deadline has passed. */
#ifndef FORKD_STREAM_H
#define FORKD_STREAM_H

#include <stddef.h>

/* Wait for bytes and read them; 0 at the end of input. */
long fk_read(int fd, void *bytes, size_t size);

/*
 * Write all of it, however slowly the peer reads. 0 or -errno. If `more` follows soon, the kernel may keep it, to send both
 * together: until something is written without, or `fk_read` is about to wait, or for 200 ms at least. So it is only in the
 * first moments after bytes have come.
 */
int fk_write_all(int fd, const void *bytes, size_t length, int more);

/* Without waiting: the bytes that have come, 0 at the end of input, -EAGAIN if there is nothing yet. */
long fk_read_now(int fd, void *bytes, size_t size);

/* Without waiting: how many bytes the kernel does not take at once. `more` counts only while output is gathered. */
long fk_write_now(int fd, const void *bytes, size_t length, int more);

/* From here on `fk_write_now` may leave output with the kernel. */
void fk_gather_output(void);

/* What has been left with the kernel goes, and nothing more is left there. Async-signal-safe. */
void fk_send_gathered(void);

/* Whether whoever deals with the bytes that have come last has had them for some time. */
int fk_read_long_ago(void);

/*
 * Say that no more will come, and let the peer read all of what came before: closing a socket whose input was not read
 * sends a reset, which would destroy what is under way. So unread input is thrown away first, for a bounded time.
 */
void fk_finish(int fd);

/* One record into the log's pipe. A pipe that stays full does not hold the writer: -EAGAIN, the record is lost. */
int fk_log_write(int fd, const void *bytes, size_t length);

/* As much as can be written without waiting for a reader, at most PIPE_BUF bytes: how many that were, or -errno. */
long fk_write_ready(int fd, const void *bytes, size_t length);

#endif
