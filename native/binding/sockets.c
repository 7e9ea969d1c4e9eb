#define _GNU_SOURCE
#include <sys/socket.h>
#include <unistd.h>

#include "../sys/datagram.h"
#include "../sys/inherited.h"
#include "../sys/passing.h"
#include "binding.h"

static napi_value listen_tcp(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  char host[64];
  string_argument(&a, 1, host, sizeof host);
  return int_value(env, fk_listen_tcp(int_argument(&a, 0), host, (uint16_t)int_argument(&a, 2), int_argument(&a, 3),
                                      int_argument(&a, 4)));
}

static napi_value listen_unix(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  char path[256];
  string_argument(&a, 0, path, sizeof path);
  return int_value(env, fk_listen_unix(path, int_argument(&a, 1)));
}

static napi_value listen_again(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  return int_value(env, fk_listen_again(int_argument(&a, 0), int_argument(&a, 1)));
}

static napi_value local_name(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  struct fk_name name;
  int failed = fk_local_name(int_argument(&a, 0), &name);
  return failed ? int_value(env, failed) : name_value(env, &name);
}

static const char *kind_of(const struct fk_socket *socket) {
  switch (socket->type) {
    case SOCK_STREAM: return socket->is_listening ? "listening stream" : "stream";
    case SOCK_DGRAM: return "datagram";
    case SOCK_SEQPACKET: return "seqpacket";
    default: return "raw";
  }
}

static const char *family_of(const struct fk_socket *socket) {
  switch (socket->domain) {
    case AF_INET: return "ipv4";
    case AF_INET6: return "ipv6";
    case AF_UNIX: return "unix";
    default: return "other";
  }
}

/* inspectSocket(fd): { family, kind, dualStack } or -errno. */
static napi_value inspect_socket(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  struct fk_socket socket;
  int failed = fk_inspect_socket(int_argument(&a, 0), &socket);
  if (failed) return int_value(env, failed);
  napi_value result;
  napi_create_object(env, &result);
  set_value(env, result, "family", string_value(env, family_of(&socket)));
  set_value(env, result, "kind", string_value(env, kind_of(&socket)));
  set_value(env, result, "dualStack", int_value(env, socket.is_dual_stack));
  return result;
}

static napi_value adopt_listener(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  return int_value(env, fk_adopt_listener(int_argument(&a, 0)));
}

/* pendingError(fd): -errno of what a connection has failed with, 0 if it has not. */
static napi_value pending_error(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  return int_value(env, fk_pending_error(int_argument(&a, 0)));
}

static napi_value socket_pair(napi_env env, napi_callback_info info) {
  (void)info;
  int ends[2], failed = fk_socket_pair(ends);
  return failed ? int_value(env, failed) : ints_value(env, ends, 2);
}

static napi_value tcp_pair(napi_env env, napi_callback_info info) {
  (void)info;
  int ends[2], failed = fk_tcp_pair(ends);
  return failed ? int_value(env, failed) : ints_value(env, ends, 2);
}

static napi_value send_descriptors(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  size_t length;
  void *bytes = bytes_argument(&a, 1, &length);
  int descriptors[FK_PASSED_MAX], count = ints_argument(&a, 2, descriptors, FK_PASSED_MAX);
  return int_value(env, fk_send(int_argument(&a, 0), bytes, length, descriptors, count));
}

/* receive(fd, bytes, wait): { length, descriptors }, `length` being -errno on failure. */
static napi_value receive(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  size_t size;
  void *bytes = bytes_argument(&a, 1, &size);
  int descriptors[FK_PASSED_MAX], count;
  long length = fk_receive(int_argument(&a, 0), bytes, size, descriptors, &count, int_argument(&a, 2));
  napi_value result;
  napi_create_object(env, &result);
  set_value(env, result, "length", int_value(env, length));
  set_value(env, result, "descriptors", ints_value(env, descriptors, count));
  return result;
}

static napi_value datagram_socket(napi_env env, napi_callback_info info) {
  (void)info;
  return int_value(env, fk_datagram_socket());
}

/* sendDatagram(fd, name, bytes): 0 or -errno. */
static napi_value send_datagram(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  char name[256];
  string_argument(&a, 1, name, sizeof name);
  size_t length;
  void *bytes = bytes_argument(&a, 2, &length);
  return int_value(env, fk_send_datagram(int_argument(&a, 0), name, bytes, length));
}

static napi_value close_descriptor(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  return int_value(env, close(int_argument(&a, 0)));
}

void export_sockets(napi_env env, napi_value exports) {
  set_function(env, exports, "listenTcp", listen_tcp);
  set_function(env, exports, "listenUnix", listen_unix);
  set_function(env, exports, "listenAgain", listen_again);
  set_function(env, exports, "inspectSocket", inspect_socket);
  set_function(env, exports, "adoptListener", adopt_listener);
  set_function(env, exports, "localName", local_name);
  set_function(env, exports, "pendingError", pending_error);
  set_function(env, exports, "socketPair", socket_pair);
  set_function(env, exports, "tcpPair", tcp_pair);
  set_function(env, exports, "sendDescriptors", send_descriptors);
  set_function(env, exports, "receive", receive);
  set_function(env, exports, "datagramSocket", datagram_socket);
  set_function(env, exports, "sendDatagram", send_datagram);
  set_function(env, exports, "close", close_descriptor);
}
