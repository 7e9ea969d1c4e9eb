#define _GNU_SOURCE
#include <errno.h>

#include "../sys/bell.h"
#include "../sys/worker.h"
#include "binding.h"

static napi_value create_scoreboard(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  return int_value(env, fk_scoreboard_create(int_argument(&a, 0)));
}

/* mapHeader(memfd): an ArrayBuffer, or -errno. The bell's functions use the last one mapped. */
static napi_value map_header(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  void *header = fk_scoreboard_map(int_argument(&a, 0), 0, FK_PAGE, NULL);
  if (!header) return int_value(env, -errno);
  fk_worker.header = header;
  return memory_value(env, header, FK_PAGE);
}

static napi_value map_for_oneself(napi_env env, int memfd, uint64_t offset, size_t length) {
  void *map = fk_scoreboard_map(memfd, offset, length, NULL);
  if (!map) return int_value(env, -errno);
  int failed = fk_scoreboard_keep_to_oneself(map, length);
  if (failed) return int_value(env, failed);
  return memory_value(env, map, length);
}

/* mapSlots(memfd, slots): the first so many, for a process that watches; its children do not inherit the mapping. */
static napi_value map_slots(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  return map_for_oneself(env, int_argument(&a, 0), FK_PAGE, (size_t)int_argument(&a, 1) * FK_PAGE);
}

static napi_value create_registry(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  return int_value(env, fk_registry_create(int_argument(&a, 0)));
}

/* mapRegistry(memfd, size): children do not inherit this mapping either. */
static napi_value map_registry(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  return map_for_oneself(env, int_argument(&a, 0), 0, (size_t)int_argument(&a, 1));
}

static napi_value ring_bell(napi_env env, napi_callback_info info) {
  (void)info;
  fk_bell_wake(fk_worker.header);
  return NULL;
}

static napi_value bell_count(napi_env env, napi_callback_info info) {
  (void)info;
  return int_value(env, (int32_t)atomic_load(&fk_worker.header->bell));
}

static napi_value wait_for_bell(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  fk_bell_wait(fk_worker.header, (uint32_t)int_argument(&a, 0), double_argument(&a, 1));
  return NULL;
}

static napi_value ring_on_sigchld(napi_env env, napi_callback_info info) {
  (void)info;
  return int_value(env, fk_bell_ring_on_sigchld(fk_worker.header));
}

#define OFFSET(structure, field) set_value(env, object, #field, int_value(env, offsetof(struct structure, field)))

static napi_value header_layout(napi_env env) {
  napi_value object;
  napi_create_object(env, &object);
  OFFSET(fk_header, generation);
  OFFSET(fk_header, idle);
  OFFSET(fk_header, spares);
  OFFSET(fk_header, accept_errno);
  OFFSET(fk_header, log_dropped);
  OFFSET(fk_header, leaving);
  OFFSET(fk_header, leavers);
  OFFSET(fk_header, accepted);
  OFFSET(fk_header, ended);
  return object;
}

static napi_value slot_layout(napi_env env) {
  napi_value object;
  napi_create_object(env, &object);
  OFFSET(fk_slot, pid);
  OFFSET(fk_slot, state);
  OFFSET(fk_slot, outcome);
  OFFSET(fk_slot, generation);
  OFFSET(fk_slot, fork_number);
  OFFSET(fk_slot, served);
  OFFSET(fk_slot, peer_length);
  OFFSET(fk_slot, reported);
  OFFSET(fk_slot, connected_at);
  OFFSET(fk_slot, idle_deadline);
  OFFSET(fk_slot, session_deadline);
  OFFSET(fk_slot, drain_deadline);
  OFFSET(fk_slot, bytes_in);
  OFFSET(fk_slot, bytes_out);
  OFFSET(fk_slot, user_before);
  OFFSET(fk_slot, system_before);
  OFFSET(fk_slot, peer);
  return object;
}

void export_scoreboard(napi_env env, napi_value exports) {
  set_function(env, exports, "createScoreboard", create_scoreboard);
  set_function(env, exports, "mapHeader", map_header);
  set_function(env, exports, "mapSlots", map_slots);
  set_function(env, exports, "createRegistry", create_registry);
  set_function(env, exports, "mapRegistry", map_registry);
  set_function(env, exports, "ringBell", ring_bell);
  set_function(env, exports, "bellCount", bell_count);
  set_function(env, exports, "waitForBell", wait_for_bell);
  set_function(env, exports, "ringOnSigchld", ring_on_sigchld);
  set_value(env, exports, "pageSize", int_value(env, FK_PAGE));
  set_value(env, exports, "leaversKept", int_value(env, FK_LEAVERS));
  set_value(env, exports, "headerLayout", header_layout(env));
  set_value(env, exports, "slotLayout", slot_layout(env));
}
