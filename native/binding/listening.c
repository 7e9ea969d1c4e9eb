/* All that calls back into JavaScript: waiting for a connection, and what comes on the event loop while one is served. */
#include <stdlib.h>

#include "../sys/stream.h"
#include "../sys/worker.h"
#include "binding.h"

/* libuv's, as far as it is needed: a handle that a signal handler may use to wake the event loop, and one that tells when
   a descriptor can be read. */
struct uv_async_s;
struct uv_handle_s;
struct uv_loop_s;
struct uv_poll_s;
extern size_t uv_handle_size(int type);
extern int uv_async_init(struct uv_loop_s *, struct uv_async_s *, void (*)(struct uv_async_s *));
extern int uv_async_send(struct uv_async_s *);
extern int uv_poll_init(struct uv_loop_s *, struct uv_poll_s *, int fd);
extern int uv_poll_start(struct uv_poll_s *, int events, void (*)(struct uv_poll_s *, int status, int events));
extern void uv_close(struct uv_handle_s *, void (*)(struct uv_handle_s *));
#define UV_ASYNC 1
#define UV_POLL 8
#define UV_READABLE 1

static struct fk_name peer;
static napi_env listening;
static napi_ref notice_listener, trouble_listener, readable_listener;
static struct uv_loop_s *loop;
static struct uv_async_s *wakeup;
static struct uv_poll_s *watched;

/* Of the listener, or of what it has put off until it returns: nobody has caught it. */
static void end_by_exception(void) {
  napi_value exception;
  napi_get_and_clear_last_exception(listening, &exception);
  napi_fatal_exception(listening, exception);
}

static void call_on_loop(napi_ref reference) {
  napi_handle_scope scope;
  napi_value listener, global;
  napi_open_handle_scope(listening, &scope);
  napi_get_reference_value(listening, reference, &listener);
  napi_get_global(listening, &global);
  if (napi_make_callback(listening, NULL, global, listener, 0, NULL, NULL) == napi_pending_exception) end_by_exception();
  napi_close_handle_scope(listening, scope);
}

static void hear_notice(struct uv_async_s *handle) {
  (void)handle;
  call_on_loop(notice_listener);
}

static void wake_loop(void) { uv_async_send(wakeup); }

/*
 * listen(onNotice, onTrouble, onReadable), once, in the zygote. `onNotice` is called on the event loop of a busy worker that
 * is told to drain or is past a deadline; `onTrouble` hears the errno that accept(2) fails with, below 0 if the worker leaves
 * because of it, and 0 when it works again; `onReadable` hears that there is something to read from what is watched.
 * The handle stays referenced: a worker's event loop must never run empty, or Node would wait for threads that are not
 * there.
 */
static napi_value listen_to_notices(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  listening = env;
  napi_create_reference(env, a.values[0], 1, &notice_listener);
  napi_create_reference(env, a.values[1], 1, &trouble_listener);
  napi_create_reference(env, a.values[2], 1, &readable_listener);
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

/* After an error libuv watches no longer, but bytes may be there that came before it. */
static void hear_readable(struct uv_poll_s *handle, int status, int events) {
  (void)events;
  if (status < 0) uv_poll_start(handle, UV_READABLE, hear_readable);
  fk_gather_output();
  call_on_loop(readable_listener);
  fk_send_gathered();
}

static void free_handle(struct uv_handle_s *handle) { free(handle); }

/* unwatch(): before a watched descriptor is closed, or given to a handle of Node's. */
static napi_value unwatch(napi_env env, napi_callback_info info) {
  (void)env, (void)info;
  if (watched != NULL) uv_close((struct uv_handle_s *)watched, free_handle);
  watched = NULL;
  return NULL;
}

/* watch(fd): the only one that is; `onReadable` is called again and again while there are bytes, or the end. 0 or -errno. */
static napi_value watch(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  struct uv_poll_s *handle = malloc(uv_handle_size(UV_POLL));
  int failed = uv_poll_init(loop, handle, int_argument(&a, 0));
  if (failed) free(handle);
  else uv_poll_start(watched = handle, UV_READABLE, hear_readable);
  return int_value(env, failed);
}

void export_listening(napi_env env, napi_value exports) {
  set_function(env, exports, "listen", listen_to_notices);
  set_function(env, exports, "accept", accept_connection);
  set_function(env, exports, "peerName", peer_name);
  set_function(env, exports, "watch", watch);
  set_function(env, exports, "unwatch", unwatch);
}
