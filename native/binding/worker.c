#define _GNU_SOURCE
#include "../sys/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "../sys/ending.h"
#include "../sys/progress.h"
#include "../sys/stream.h"
#include "binding.h"

/* libuv's, as far as it is needed: a handle that a signal handler may use to wake the event loop. */
struct uv_async_s;
struct uv_loop_s;
extern size_t uv_handle_size(int type);
extern int uv_async_init(struct uv_loop_s *, struct uv_async_s *, void (*)(struct uv_async_s *));
extern int uv_async_send(struct uv_async_s *);
#define UV_ASYNC 1

#define TEXT_MAX (64 * 1024)

static struct fk_name peer;
static napi_env listening;
static napi_ref notice_listener, trouble_listener;
static struct uv_async_s *wakeup;

static void hear_notice(struct uv_async_s *handle) {
  (void)handle;
  napi_handle_scope scope;
  napi_value listener, global;
  napi_open_handle_scope(listening, &scope);
  napi_get_reference_value(listening, notice_listener, &listener);
  napi_get_global(listening, &global);
  napi_make_callback(listening, NULL, global, listener, 0, NULL, NULL);
  napi_close_handle_scope(listening, scope);
}

static void wake_loop(void) { uv_async_send(wakeup); }

/*
 * listen(onNotice, onTrouble), once, in the zygote. `onNotice` is called on the event loop of a busy worker that is told
 * to drain or is past a deadline; `onTrouble` hears the errno that accept(2) fails with, below 0 if the worker leaves
 * because of it, and 0 when it works again.
 * The handle stays referenced: a worker's event loop must never run empty, or Node would wait for threads that are not
 * there.
 */
static napi_value listen_to_notices(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  struct uv_loop_s *loop;
  listening = env;
  napi_create_reference(env, a.values[0], 1, &notice_listener);
  napi_create_reference(env, a.values[1], 1, &trouble_listener);
  napi_get_uv_event_loop(env, &loop);
  wakeup = malloc(uv_handle_size(UV_ASYNC));
  fk_worker.notify = wake_loop;
  return int_value(env, uv_async_init(loop, wakeup, hear_notice));
}

static void report_trouble(int error) {
  napi_value listener, global, argument = int_value(listening, error);
  napi_get_reference_value(listening, trouble_listener, &listener);
  napi_get_global(listening, &global);
  napi_call_function(listening, global, listener, 1, &argument, NULL);
}

/* accept(): the descriptor of the next connection; -ECANCELED if the worker is to leave. */
static napi_value accept_connection(napi_env env, napi_callback_info info) {
  (void)info;
  return int_value(env, fk_worker_accept(&peer, report_trouble));
}

static napi_value peer_name(napi_env env, napi_callback_info info) {
  (void)info;
  return name_value(env, &peer);
}

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

/* write(fd, bytes): 0 or -errno. */
static napi_value write_bytes(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  size_t length;
  const void *bytes = bytes_argument(&a, 1, &length);
  return int_value(env, fk_write_all(int_argument(&a, 0), bytes, length));
}

/* writeText(fd, text): the same for a string of up to 64 KiB; -E2BIG for a longer one. */
static napi_value write_text(napi_env env, napi_callback_info info) {
  static char text[TEXT_MAX];
  struct arguments a = arguments_of(env, info);
  size_t length = string_argument(&a, 1, text, sizeof text);
  /* UTF-8 is cut at a whole character, of four bytes at most: closer to the end than that, it may have been. */
  if (length >= sizeof text - 4) return int_value(env, -E2BIG);
  return int_value(env, fk_write_all(int_argument(&a, 0), text, length));
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

/* now(): ms of CLOCK_MONOTONIC, as the scoreboard has them. */
static napi_value now(napi_env env, napi_callback_info info) {
  (void)info;
  napi_value ms;
  napi_create_double(env, fk_now_ms(), &ms);
  return ms;
}

void export_worker(napi_env env, napi_value exports) {
  set_value(env, exports, "orphaned", int_value(env, FK_ORPHANED));
  set_function(env, exports, "listen", listen_to_notices);
  set_function(env, exports, "accept", accept_connection);
  set_function(env, exports, "peerName", peer_name);
  set_function(env, exports, "isDraining", is_draining);
  set_function(env, exports, "isCurrent", is_current);
  set_function(env, exports, "recordEnd", record_end);
  set_function(env, exports, "tellEnd", tell_end);
  set_function(env, exports, "read", read_bytes);
  set_function(env, exports, "write", write_bytes);
  set_function(env, exports, "writeText", write_text);
  set_function(env, exports, "finish", finish);
  set_function(env, exports, "abandonOutput", abandon_output);
  set_function(env, exports, "logWrite", log_write);
  set_function(env, exports, "writeReady", write_ready);
  set_function(env, exports, "rearmIdle", rearm_idle);
  set_function(env, exports, "disarm", disarm);
  set_function(env, exports, "armLast", arm_last);
  set_function(env, exports, "deadlinePassed", deadline_passed);
  set_function(env, exports, "now", now);
}
