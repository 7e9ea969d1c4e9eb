#include "binding.h"

#include <string.h>

struct arguments arguments_of(napi_env env, napi_callback_info info) {
  struct arguments arguments = {.env = env, .count = ARGUMENTS_MAX};
  napi_get_cb_info(env, info, &arguments.count, arguments.values, NULL, NULL);
  return arguments;
}

int32_t int_argument(const struct arguments *arguments, size_t index) {
  int32_t value = 0;
  if (index < arguments->count) napi_get_value_int32(arguments->env, arguments->values[index], &value);
  return value;
}

double double_argument(const struct arguments *arguments, size_t index) {
  double value = 0;
  if (index < arguments->count) napi_get_value_double(arguments->env, arguments->values[index], &value);
  return value;
}

size_t string_argument(const struct arguments *arguments, size_t index, char *into, size_t size) {
  size_t length = 0;
  into[0] = 0;
  if (index < arguments->count)
    napi_get_value_string_utf8(arguments->env, arguments->values[index], into, size, &length);
  return length;
}

void *bytes_argument(const struct arguments *arguments, size_t index, size_t *length) {
  void *bytes = NULL;
  *length = 0;
  if (index < arguments->count)
    napi_get_typedarray_info(arguments->env, arguments->values[index], NULL, length, &bytes, NULL, NULL);
  return bytes;
}

void doubles_argument(const struct arguments *arguments, size_t index, double *into, size_t count) {
  size_t length;
  const double *numbers = bytes_argument(arguments, index, &length);
  for (size_t i = 0; i < count; i++) into[i] = numbers && i < length ? numbers[i] : 0;
}

int ints_argument(const struct arguments *arguments, size_t index, int *into, int most) {
  uint32_t length = 0;
  if (index < arguments->count) napi_get_array_length(arguments->env, arguments->values[index], &length);
  int count = length < (uint32_t)most ? (int)length : most;
  for (int i = 0; i < count; i++) {
    napi_value element;
    napi_get_element(arguments->env, arguments->values[index], (uint32_t)i, &element);
    napi_get_value_int32(arguments->env, element, &into[i]);
  }
  return count;
}

napi_value int_value(napi_env env, int64_t value) {
  napi_value result;
  napi_create_int64(env, value, &result);
  return result;
}

napi_value double_value(napi_env env, double value) {
  napi_value result;
  napi_create_double(env, value, &result);
  return result;
}

napi_value string_value(napi_env env, const char *text) {
  napi_value result;
  napi_create_string_utf8(env, text, strlen(text), &result);
  return result;
}

napi_value ints_value(napi_env env, const int *values, int count) {
  napi_value array;
  napi_create_array_with_length(env, (size_t)count, &array);
  for (int i = 0; i < count; i++) napi_set_element(env, array, (uint32_t)i, int_value(env, values[i]));
  return array;
}

napi_value memory_value(napi_env env, void *memory, size_t length) {
  napi_value buffer;
  napi_create_external_arraybuffer(env, memory, length, NULL, NULL, &buffer);
  return buffer;
}

napi_value name_value(napi_env env, const struct fk_name *name) {
  napi_value object;
  napi_create_object(env, &object);
  const char *family = name->family == FK_UNIX ? "unix" : name->family == FK_IPV6 ? "ipv6" : "ipv4";
  set_value(env, object, "family", string_value(env, family));
  set_value(env, object, "host", string_value(env, name->host));
  set_value(env, object, "port", int_value(env, name->port));
  return object;
}

void set_value(napi_env env, napi_value object, const char *name, napi_value value) {
  napi_set_named_property(env, object, name, value);
}

void set_function(napi_env env, napi_value exports, const char *name, napi_callback function) {
  napi_value value;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, function, NULL, &value);
  set_value(env, exports, name, value);
}

NAPI_MODULE_INIT() {
  export_sockets(env, exports);
  export_processes(env, exports);
  export_scoreboard(env, exports);
  export_zygote(env, exports);
  export_worker(env, exports);
  export_listening(env, exports);
  export_spawn(env, exports);
  return exports;
}
