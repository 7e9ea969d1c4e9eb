/* Node-API, version 8: every function here checks and converts, and leaves the work to ../sys. */
#ifndef FORKD_BINDING_H
#define FORKD_BINDING_H

#define NAPI_VERSION 8
#include <node_api.h>
#include <stddef.h>
#include <stdint.h>

#include "../sys/socket.h"

#define ARGUMENTS_MAX 6

struct arguments {
  napi_env env;
  size_t count;
  napi_value values[ARGUMENTS_MAX];
};

struct arguments arguments_of(napi_env env, napi_callback_info info);
int32_t int_argument(const struct arguments *arguments, size_t index);
double double_argument(const struct arguments *arguments, size_t index);
/* Up to `size - 1` bytes and a NUL. The length. */
size_t string_argument(const struct arguments *arguments, size_t index, char *into, size_t size);
/* Of a Uint8Array (or another view), the bytes; NULL if it is none. */
void *bytes_argument(const struct arguments *arguments, size_t index, size_t *length);
/* Of a Float64Array, all `count` numbers; 0 for those that are not there. */
void doubles_argument(const struct arguments *arguments, size_t index, double *into, size_t count);
/* Of an array of integers, how many were taken. */
int ints_argument(const struct arguments *arguments, size_t index, int *into, int most);

napi_value int_value(napi_env env, int64_t value);
napi_value double_value(napi_env env, double value);
napi_value string_value(napi_env env, const char *text);
napi_value ints_value(napi_env env, const int *values, int count);
/* An ArrayBuffer over memory that is never unmapped. */
napi_value memory_value(napi_env env, void *memory, size_t length);
napi_value name_value(napi_env env, const struct fk_name *name);

void set_function(napi_env env, napi_value exports, const char *name, napi_callback function);
void set_value(napi_env env, napi_value object, const char *name, napi_value value);

void export_sockets(napi_env env, napi_value exports);
void export_processes(napi_env env, napi_value exports);
void export_scoreboard(napi_env env, napi_value exports);
void export_zygote(napi_env env, napi_value exports);
void export_worker(napi_env env, napi_value exports);
void export_listening(napi_env env, napi_value exports);
void export_spawn(napi_env env, napi_value exports);

#endif
