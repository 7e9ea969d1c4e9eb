#define _GNU_SOURCE
#include "../sys/worker.h"

#include <errno.h>
#include <unistd.h>

#include "../sys/ending.h"
#include "../sys/progress.h"
#include "../sys/stream.h"
#include "binding.h"

#define TEXT_MAX (64 * 1024)

static napi_value is_draining(napi_env env, napi_callback_info info) {
  (void)info;
  return int_value(env, fk_worker_draining());
}

static napi_value is_current(napi_env env, napi_callback_info info) {
  (void)info;
  return int_value(env, fk_worker_current());
}

static napi_value record_end(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  fk_worker_record_end((enum fk_outcome)int_argument(&a, 0));
  return NULL;
}

/* tellEnd(fd): how the connection has ended, into the log's pipe. 0 or -errno. */
static napi_value tell_end(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  return int_value(env, fk_tell_end(int_argument(&a, 0)));
}

/* read(fd, bytes): how many were read, 0 at the end, or -errno. */
static napi_value read_bytes(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  size_t size;
  void *bytes = bytes_argument(&a, 1, &size);
  return int_value(env, fk_read(int_argument(&a, 0), bytes, size));
}

/* write(fd, bytes, more): 0 or -errno. `more` says that other output follows soon. */
static napi_value write_bytes(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  size_t length;
  const void *bytes = bytes_argument(&a, 1, &length);
  return int_value(env, fk_write_all(int_argument(&a, 0), bytes, length, int_argument(&a, 2)));
}

static char text[TEXT_MAX];

/* A string's length in `text`; -E2BIG if it may not fit. UTF-8 is cut at a whole character, of four bytes at most. */
static long text_argument(const struct arguments *a, size_t index) {
  size_t length = string_argument(a, index, text, sizeof text);
  return length < sizeof text - 4 ? (long)length : -E2BIG;
}

/* writeText(fd, text, more): the same for a string of up to 64 KiB; -E2BIG for a longer one. */
static napi_value write_text(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  long length = text_argument(&a, 1);
  if (length < 0) return int_value(env, length);
  return int_value(env, fk_write_all(int_argument(&a, 0), text, (size_t)length, int_argument(&a, 2)));
}

/* readNow(fd, bytes): how many have come, without waiting; 0 at the end, or -errno. */
static napi_value read_bytes_now(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  size_t size;
  void *bytes = bytes_argument(&a, 1, &size);
  return int_value(env, fk_read_now(int_argument(&a, 0), bytes, size));
}

/* writeNow(fd, bytes, more): how many the kernel does not take at once, or -errno. */
static napi_value write_bytes_now(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  size_t length;
  const void *bytes = bytes_argument(&a, 1, &length);
  return int_value(env, fk_write_now(int_argument(&a, 0), bytes, length, int_argument(&a, 2)));
}

/* writeTextNow(fd, text, more): the same for a string of up to 64 KiB; -E2BIG for a longer one. */
static napi_value write_text_now(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  long length = text_argument(&a, 1);
  if (length < 0) return int_value(env, length);
  return int_value(env, fk_write_now(int_argument(&a, 0), text, (size_t)length, int_argument(&a, 2)));
}

static napi_value finish(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  fk_finish(int_argument(&a, 0));
  return NULL;
}

static napi_value abandon_output(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  fk_abandon_output(int_argument(&a, 0));
  return NULL;
}

static napi_value log_write(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  size_t length;
  const void *bytes = bytes_argument(&a, 1, &length);
  return int_value(env, fk_log_write(int_argument(&a, 0), bytes, length));
}

/* writeReady(fd, bytes): how many were written without waiting, or -errno. */
static napi_value write_ready(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  size_t length;
  const void *bytes = bytes_argument(&a, 1, &length);
  return int_value(env, (int)fk_write_ready(int_argument(&a, 0), bytes, length));
}

/* readLongAgo(): whether the bytes that have come last have been there for some time. */
static napi_value read_long_ago(napi_env env, napi_callback_info info) {
  (void)info;
  return int_value(env, fk_read_long_ago());
}

static napi_value rearm_idle(napi_env env, napi_callback_info info) {
  (void)env, (void)info;
  fk_deadlines_rearm_idle();
  return NULL;
}

static napi_value disarm(napi_env env, napi_callback_info info) {
  (void)env, (void)info;
  fk_deadlines_disarm();
  return NULL;
}

static napi_value arm_last(napi_env env, napi_callback_info info) {
  (void)env, (void)info;
  fk_deadlines_arm_last();
  return NULL;
}

/* deadlinePassed(): the outcome that a passed deadline means, 0 if none has. */
static napi_value deadline_passed(napi_env env, napi_callback_info info) {
  (void)info;
  return int_value(env, fk_deadline_passed());
}

/* readClock(ms): ms of CLOCK_MONOTONIC, as the scoreboard has them, into a Float64Array. */
static napi_value read_clock(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  size_t size;
  double *ms = bytes_argument(&a, 0, &size);
  if (size > 0) *ms = fk_now_ms();
  return NULL;
}

void export_worker(napi_env env, napi_value exports) {
  set_value(env, exports, "orphaned", int_value(env, FK_ORPHANED));
  set_function(env, exports, "isDraining", is_draining);
  set_function(env, exports, "isCurrent", is_current);
  set_function(env, exports, "recordEnd", record_end);
  set_function(env, exports, "tellEnd", tell_end);
  set_function(env, exports, "read", read_bytes);
  set_function(env, exports, "write", write_bytes);
  set_function(env, exports, "writeText", write_text);
  set_function(env, exports, "readNow", read_bytes_now);
  set_function(env, exports, "writeNow", write_bytes_now);
  set_function(env, exports, "writeTextNow", write_text_now);
  set_function(env, exports, "finish", finish);
  set_function(env, exports, "abandonOutput", abandon_output);
  set_function(env, exports, "logWrite", log_write);
  set_function(env, exports, "writeReady", write_ready);
  set_function(env, exports, "readLongAgo", read_long_ago);
  set_function(env, exports, "rearmIdle", rearm_idle);
  set_function(env, exports, "disarm", disarm);
  set_function(env, exports, "armLast", arm_last);
  set_function(env, exports, "deadlinePassed", deadline_passed);
  set_function(env, exports, "readClock", read_clock);
}
