/*
 * stream PORT CONNECTIONS SIZE WINDOW SECONDS: the benchmark's client for long connections.
 *
 * Sends lines of SIZE bytes on CONNECTIONS connections to 127.0.0.1:PORT for SECONDS, with up to WINDOW lines under way on
 * each, and compares the answers byte for byte. A window of 1 counts exchanges, a large one the flow. One JSON object on
 * stdout. One thread, epoll, no libraries.
 */
#include "client.h"

enum { EVENTS = 64, TICK_MS = 100 };

struct client {
  int fd; /* -1: it has failed */
  long sent, received;
  char *lines, *answers; /* a window full of each */
};

struct stream {
  int epoll;
  long size, window;
  long faults[FAULTS];
};

/* Letters that no other connection sends in this order. */
static void write_lines(const struct stream *stream, struct client *client, long number) {
  client->lines = allocate(stream->window, (size_t)stream->size);
  client->answers = allocate(stream->window, (size_t)stream->size);
  for (long i = 0; i < stream->window * stream->size; i++) {
    long place = i % stream->size;
    char letter = (char)('a' + (number + place * (number + 1)) % 26);
    if (place >= stream->size - 2) letter = place == stream->size - 2 ? '\r' : '\n';
    client->lines[i] = letter;
    client->answers[i] = (char)toupper((unsigned char)letter);
  }
}

static void open_client(struct stream *stream, struct client *client, int port, long number) {
  write_lines(stream, client, number);
  client->fd = open_socket(port, number, SOCK_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = client};
  if (client->fd < 0) stream->faults[CONNECT]++;
  else if (epoll_ctl(stream->epoll, EPOLL_CTL_ADD, client->fd, &event) != 0) fail("epoll_ctl");
}

/* From here to the end of what may be sent, or of the buffer. */
static long sendable(const struct stream *stream, const struct client *client) {
  long allowed = (client->received / stream->size + stream->window) * stream->size - client->sent;
  long room = stream->window * stream->size - client->sent % stream->size;
  return allowed < room ? allowed : room;
}

static enum fault send_lines(const struct stream *stream, struct client *client) {
  for (long length; (length = sendable(stream, client)) > 0;) {
    ssize_t count = send(client->fd, client->lines + client->sent % stream->size, (size_t)length, MSG_NOSIGNAL);
    if (count < 0) return errno == EAGAIN ? NONE : errno == ECONNRESET || errno == EPIPE ? RESET : CONNECT;
    client->sent += count;
  }
  return NONE;
}

/* Returns how many bytes came; -1 when more must come; else the fault is set. */
static long receive_some(const struct stream *stream, struct client *client, char *got, enum fault *fault) {
  long place = client->received % stream->size;
  ssize_t count = recv(client->fd, got, (size_t)(stream->window * stream->size - place), 0);
  if (count < 0 && errno == EAGAIN) return -1;
  if (count < 0) *fault = RESET;
  else if (count == 0) *fault = CLOSED_EARLY;
  else if (memcmp(got, client->answers + place, (size_t)count) != 0) *fault = WRONG_ANSWER;
  else client->received += count;
  return count;
}

static void on_event(struct stream *stream, struct client *client, char *got) {
  enum fault fault = NONE;
  do {
    fault = send_lines(stream, client);
  } while (fault == NONE && receive_some(stream, client, got, &fault) > 0 && fault == NONE);
  if (fault == NONE) return;
  stream->faults[fault]++;
  close(client->fd);
  client->fd = -1;
}

static void report(const struct stream *stream, const struct client *clients, long count, double seconds) {
  long bytes = 0;
  for (long i = 0; i < count; i++) bytes += clients[i].received;
  printf("{\"messages\":%ld,\"seconds\":%.6f,\"messagesPerSecond\":%.1f,\"megabytesPerSecond\":%.3f,", bytes / stream->size,
         seconds, (double)(bytes / stream->size) / seconds, (double)bytes / seconds / 1e6);
  printf("\"cpuSeconds\":%.3f,", own_cpu_seconds());
  print_faults(stream->faults);
  printf("}\n");
}

static void run(struct stream *stream, int port, long connections, double seconds) {
  struct client *clients = allocate(connections, sizeof *clients);
  char *got = allocate(stream->window, (size_t)stream->size);
  struct epoll_event events[EVENTS];
  double started = now(), time = started;
  for (long i = 0; i < connections; i++) open_client(stream, &clients[i], port, i);
  for (; time - started < seconds; time = now()) {
    int count = epoll_wait(stream->epoll, events, EVENTS, TICK_MS);
    if (count < 0 && errno != EINTR) fail("epoll_wait");
    for (int i = 0; i < count; i++) {
      struct client *client = events[i].data.ptr;
      if (client->fd >= 0) on_event(stream, client, got);
    }
  }
  for (long i = 0; i < connections; i++)
    if (clients[i].fd >= 0 && clients[i].received < stream->size) stream->faults[TIMEOUT]++;
  report(stream, clients, connections, time - started);
}

int main(int count, char **arguments) {
  if (count != 6) {
    fputs("usage: stream PORT CONNECTIONS SIZE WINDOW SECONDS\n", stderr);
    return 100;
  }
  struct stream stream = {.epoll = epoll_create1(EPOLL_CLOEXEC)};
  stream.size = (long)number_of(arguments[3]);
  stream.window = (long)number_of(arguments[4]);
  run(&stream, (int)number_of(arguments[1]), (long)number_of(arguments[2]), number_of(arguments[5]));
  return 0;
}
