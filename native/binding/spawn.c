#define _GNU_SOURCE
#include "../sys/exec.h"
#include "../sys/spawn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../sys/worker.h"
#include "binding.h"

#define PASSED_MAX (FK_LISTENERS_MAX + 2)
#define KEPT_MAX (FK_LISTENERS_MAX + 8)

/* Of a Uint8Array of texts, each with its NUL: a list with a NULL at its end, to be freed. */
static char **texts_argument(const struct arguments *arguments, size_t index) {
  size_t length, count = 0;
  char *bytes = bytes_argument(arguments, index, &length);
  for (size_t i = 0; i < length; i++) count += bytes[i] == 0;
  char **texts = calloc(count + 1, sizeof *texts);
  for (size_t i = 0; texts && i < count; i++, bytes += strlen(bytes) + 1) texts[i] = bytes;
  return texts;
}

/* spawn(path, arguments, environment, descriptors): the pid of a program that is to become a worker, or -errno. */
static napi_value spawn_worker(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  char path[4096];
  int descriptors[PASSED_MAX], count = ints_argument(&a, 3, descriptors, PASSED_MAX);
  string_argument(&a, 0, path, sizeof path);
  char **arguments = texts_argument(&a, 1), **environment = texts_argument(&a, 2);
  struct fk_program program = {path, arguments, environment, descriptors, count};
  atomic_fetch_add(&fk_worker.header->idle, 1);
  pid_t pid = arguments && environment ? fk_spawn(&program, FK_ORPHANED) : -ENOMEM;
  if (pid < 0) atomic_fetch_sub(&fk_worker.header->idle, 1);
  free(arguments);
  free(environment);
  return int_value(env, pid);
}

/* exec(path, arguments, environment, descriptors): -errno; if it succeeds, nobody is left to be told. */
static napi_value exec_program(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  char path[4096];
  int kept[KEPT_MAX], count = ints_argument(&a, 3, kept, KEPT_MAX);
  string_argument(&a, 0, path, sizeof path);
  char **arguments = texts_argument(&a, 1), **environment = texts_argument(&a, 2);
  int failed = arguments && environment ? fk_exec(path, arguments, environment, kept, count) : -ENOMEM;
  free(arguments);
  free(environment);
  return int_value(env, failed);
}

/* sealed(bytes): a descriptor of memory that holds them, and cannot be changed; or -errno. */
static napi_value sealed(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  size_t length;
  void *bytes = bytes_argument(&a, 0, &length);
  return int_value(env, fk_sealed(bytes, length));
}

/* mapSlot(memfd, slot): in a spawned worker, its own slot. */
static napi_value map_slot(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  void *slot = fk_scoreboard_map(int_argument(&a, 0), (uint64_t)(int_argument(&a, 1) + 1) * FK_PAGE, FK_PAGE, NULL);
  if (!slot) return int_value(env, -errno);
  fk_worker.slot = slot;
  return memory_value(env, slot, FK_PAGE);
}

/* limit(): from here on a spawned worker is held to its limits. 0 or -errno. */
static napi_value limit(napi_env env, napi_callback_info info) {
  (void)info;
  return int_value(env, fk_worker_limit());
}

/* occupy(zygote, generation, forkNumber): in a spawned worker that is ready to serve; -ESRCH if its zygote is gone. */
static napi_value occupy(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  fk_worker_block_signals();
  fk_worker.zygote = int_argument(&a, 0);
  fk_worker.rings_at_first = 1;
  return int_value(env, fk_worker_occupy(int_argument(&a, 1), int_argument(&a, 2)));
}

void export_spawn(napi_env env, napi_value exports) {
  set_function(env, exports, "spawn", spawn_worker);
  set_function(env, exports, "exec", exec_program);
  set_function(env, exports, "sealed", sealed);
  set_function(env, exports, "mapSlot", map_slot);
  set_function(env, exports, "limit", limit);
  set_function(env, exports, "occupy", occupy);
}
