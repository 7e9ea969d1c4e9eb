#define _GNU_SOURCE
#include <unistd.h>

#include "../sys/lock.h"
#include "../sys/process.h"
#include "../sys/worker.h"
#include "binding.h"

/*
 * ended(pid, ended): the pid of a child that has ended and is not reaped yet, 0 or -errno; `ended` is an Int32Array of
 * pid, exit status, signal, user ms, system ms, KiB.
 */
static napi_value has_ended(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  size_t length;
  int32_t *into = bytes_argument(&a, 1, &length);
  struct fk_ended ended;
  pid_t got = fk_ended(int_argument(&a, 0), &ended);
  if (got > 0 && into && length >= 6) {
    into[0] = ended.pid;
    into[1] = ended.exit_status;
    into[2] = ended.signal;
    into[3] = (int32_t)ended.user_ms;
    into[4] = (int32_t)ended.system_ms;
    into[5] = (int32_t)ended.max_rss_kib;
  }
  return int_value(env, got);
}

static napi_value reap(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  return int_value(env, fk_reap(int_argument(&a, 0)));
}

static napi_value make_pipe(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  int ends[2], failed = fk_pipe(ends, int_argument(&a, 0));
  return failed ? int_value(env, failed) : ints_value(env, ends, 2);
}

static napi_value duplicate(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  return int_value(env, fk_duplicate(int_argument(&a, 0), int_argument(&a, 1)));
}

static napi_value send_signal(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  return int_value(env, fk_kill(int_argument(&a, 0), int_argument(&a, 1)));
}

static napi_value become_subreaper(napi_env env, napi_callback_info info) {
  (void)info;
  return int_value(env, fk_become_subreaper());
}

static napi_value die_with_parent(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  return int_value(env, fk_die_with_parent(int_argument(&a, 0), int_argument(&a, 1)));
}

static napi_value close_on_exec_from(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  return int_value(env, fk_close_on_exec_from((unsigned)int_argument(&a, 0)));
}

/* lock(fd): 0 or -errno, -EAGAIN if another has it. */
static napi_value lock(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  return int_value(env, fk_lock(int_argument(&a, 0)));
}

static napi_value is_locked(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  return int_value(env, fk_is_locked(int_argument(&a, 0)));
}

/* exit(status): _exit(2), a worker's way if this is one. exit(3) would run destructors that join threads which a forked process does not have. */
static napi_value exit_at_once(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  fk_worker_exit(int_argument(&a, 0));
}

void export_processes(napi_env env, napi_value exports) {
  set_function(env, exports, "ended", has_ended);
  set_function(env, exports, "reap", reap);
  set_function(env, exports, "pipe", make_pipe);
  set_function(env, exports, "duplicate", duplicate);
  set_function(env, exports, "kill", send_signal);
  set_function(env, exports, "becomeSubreaper", become_subreaper);
  set_function(env, exports, "dieWithParent", die_with_parent);
  set_function(env, exports, "closeOnExecFrom", close_on_exec_from);
  set_function(env, exports, "lock", lock);
  set_function(env, exports, "isLocked", is_locked);
  set_function(env, exports, "exit", exit_at_once);
}
