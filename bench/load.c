/*
 * load: the client of the benchmark. One thread, epoll, no libraries.
 *
 *   load run PORT CONNECTIONS CONCURRENCY SECONDS
 *     Opens CONNECTIONS connections to 127.0.0.1:PORT, CONCURRENCY at a time. Each sends one line, compares the answer
 *     byte for byte and closes. After SECONDS no more are opened; those under way are answered or time out, so that
 *     none is left out because it was slow. One JSON object on stdout.
 *
 *   load hold PORT CONNECTIONS SECONDS
 *     Opens CONNECTIONS connections, exchanges one line on each, prints "held" and keeps them open until its stdin
 *     is closed, SECONDS at most.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SLICE = 1000, LINE_SIZE = 64, EVENTS = 256, TICK_MS = 100, SOURCES = 64 };

static const double ANSWER_SECONDS = 10; /* a connection without its answer by then has timed out */

enum fault { NONE, CONNECT, RESET, CLOSED_EARLY, WRONG_ANSWER, TIMEOUT, FAULTS };
static const char *const fault_names[FAULTS] = {"", "connect", "reset", "closedEarly", "wrongAnswer", "timeout"};

struct client {
  int fd; /* -1: not connected */
  int sent;
  long number;
  double started;
  size_t received;
};

struct run {
  int epoll;
  int port;
  long total, opened, succeeded, open;
  long faults[FAULTS];
  double started, deadline;
  long counted;      /* answers within the deadline, */
  double last;       /* and when the last of these arrived: the rate is made of the two */
  double *latencies; /* milliseconds, one for each success */
  double *slices;    /* when each 1,000th success happened */
};

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void fail(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void *allocate(long count, size_t size) {
  void *memory = calloc((size_t)count + 1, size);
  if (memory == NULL) fail("calloc");
  return memory;
}

/* The line of a connection holds its number, so that an answer meant for another connection is noticed. */
static size_t write_line(char *line, long number) {
  return (size_t)snprintf(line, LINE_SIZE, "a line of connection %ld\r\n", number);
}

static size_t write_answer(char *answer, long number) {
  size_t length = write_line(answer, number);
  for (size_t i = 0; i < length; i++) answer[i] = (char)toupper((unsigned char)answer[i]);
  return length;
}

/* We close first, so the TIME_WAITs are ours. Many source addresses keep one from running out of ports. */
static int open_socket(int port, long number, int flags) {
  struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + number % SOURCES)};
  struct sockaddr_in target = {
      .sin_family = AF_INET, .sin_port = htons((in_port_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct timeval patience = {.tv_sec = (time_t)ANSWER_SECONDS};
  int yes = 1;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  if (fd < 0) return -1;
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
  if (!(flags & SOCK_NONBLOCK)) {
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }
  if (bind(fd, (struct sockaddr *)&source, sizeof source) == 0 &&
      (connect(fd, (struct sockaddr *)&target, sizeof target) == 0 || errno == EINPROGRESS))
    return fd;
  close(fd);
  return -1;
}

/* Opens the next connection in this slot; one that cannot even be begun counts as failed, and the next is tried. */
static void open_next(struct run *run, struct client *client) {
  client->fd = -1;
  double time = now();
  while (client->fd < 0 && run->opened < run->total && time < run->deadline) {
    *client = (struct client){.number = run->opened++, .started = time};
    client->fd = open_socket(run->port, client->number, SOCK_NONBLOCK);
    /* Edge-triggered for both directions: one epoll_ctl() in the life of a connection. */
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = client};
    if (client->fd >= 0 && epoll_ctl(run->epoll, EPOLL_CTL_ADD, client->fd, &event) != 0) fail("epoll_ctl");
    if (client->fd < 0) run->faults[CONNECT]++;
  }
  if (client->fd >= 0) run->open++;
}

static void succeed(struct run *run, const struct client *client) {
  double time = now();
  run->latencies[run->succeeded++] = (time - client->started) * 1e3;
  if (run->succeeded % SLICE == 0) run->slices[run->succeeded / SLICE - 1] = time;
  if (time > run->deadline) return;
  run->counted++;
  run->last = time;
}

static void finish(struct run *run, struct client *client, enum fault fault) {
  if (fault == NONE) succeed(run, client);
  else run->faults[fault]++;
  run->open--;
  close(client->fd);
  open_next(run, client);
}

static enum fault send_line(struct client *client) {
  char line[LINE_SIZE];
  size_t length = write_line(line, client->number);
  if (send(client->fd, line, length, MSG_NOSIGNAL) == (ssize_t)length) {
    client->sent = 1;
    return NONE;
  }
  return errno == ECONNRESET || errno == EPIPE ? RESET : CONNECT;
}

/* Returns 1 when the whole answer is there, 0 when more must come; else the fault is set. */
static int receive_answer(struct client *client, enum fault *fault) {
  char answer[LINE_SIZE], got[LINE_SIZE];
  size_t length = write_answer(answer, client->number);
  for (;;) {
    ssize_t count = recv(client->fd, got, sizeof got, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return 0;
    *fault = count < 0 ? RESET : count == 0 ? CLOSED_EARLY : NONE;
    if (count <= 0) return 0;
    if (client->received + (size_t)count > length || memcmp(answer + client->received, got, (size_t)count) != 0) {
      *fault = WRONG_ANSWER;
      return 0;
    }
    client->received += (size_t)count;
    if (client->received == length) return 1;
  }
}

static void on_event(struct run *run, struct client *client, uint32_t events) {
  enum fault fault = NONE;
  int answered = 0;
  if (!client->sent && (events & (EPOLLERR | EPOLLHUP))) fault = CONNECT;
  if (fault == NONE && !client->sent && (events & EPOLLOUT)) fault = send_line(client);
  if (fault == NONE && client->sent && (events & (EPOLLIN | EPOLLERR | EPOLLHUP)))
    answered = receive_answer(client, &fault);
  if (answered || fault != NONE) finish(run, client, fault);
}

static void expire(struct run *run, struct client *clients, long count, double time) {
  for (long i = 0; i < count; i++)
    if (clients[i].fd >= 0 && time - clients[i].started > ANSWER_SECONDS) finish(run, &clients[i], TIMEOUT);
}

static int by_size(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return (a > b) - (a < b);
}

/* The smallest latency that at least this share of the connections did not exceed. */
static double percentile(const struct run *run, double share) {
  if (run->succeeded == 0) return 0;
  long index = (long)(share * (double)run->succeeded);
  return run->latencies[index < run->succeeded ? index : run->succeeded - 1];
}

static double own_cpu_seconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void report(struct run *run) {
  double seconds = run->last - run->started;
  qsort(run->latencies, (size_t)run->succeeded, sizeof *run->latencies, by_size);
  printf("{\"connections\":%ld,\"seconds\":%.6f,\"perSecond\":%.1f,", run->succeeded, seconds,
         seconds > 0 ? (double)run->counted / seconds : 0);
  printf("\"p50\":%.3f,\"p99\":%.3f,\"p999\":%.3f,\"max\":%.3f,\"cpuSeconds\":%.3f,", percentile(run, 0.5),
         percentile(run, 0.99), percentile(run, 0.999), percentile(run, 1), own_cpu_seconds());
  printf("\"errors\":{");
  for (int i = NONE + 1; i < FAULTS; i++) printf("%s\"%s\":%ld", i > NONE + 1 ? "," : "", fault_names[i], run->faults[i]);
  printf("},\"slices\":[");
  for (long i = 0; i < run->succeeded / SLICE; i++)
    printf("%s%.1f", i > 0 ? "," : "", SLICE / (run->slices[i] - (i > 0 ? run->slices[i - 1] : run->started)));
  printf("]}\n");
}

static void run_load(int port, long total, long concurrency, double seconds) {
  struct run run = {.epoll = epoll_create1(EPOLL_CLOEXEC), .port = port, .total = total};
  struct client *clients = allocate(concurrency, sizeof *clients);
  struct epoll_event events[EVENTS];
  run.latencies = allocate(total, sizeof *run.latencies);
  run.slices = allocate(total / SLICE, sizeof *run.slices);
  run.started = run.last = now();
  run.deadline = run.started + seconds;
  for (long i = 0; i < concurrency; i++) open_next(&run, &clients[i]);
  double time = run.started, checked = time;
  while (run.open > 0) {
    int count = epoll_wait(run.epoll, events, EVENTS, TICK_MS);
    if (count < 0 && errno != EINTR) fail("epoll_wait");
    for (int i = 0; i < count; i++) on_event(&run, events[i].data.ptr, events[i].events);
    time = now();
    if (time - checked > TICK_MS / 1e3) expire(&run, clients, concurrency, checked = time);
  }
  report(&run);
}

static void exchange_line(int port, long number) {
  struct client client = {.fd = open_socket(port, number, 0), .number = number};
  enum fault fault = client.fd < 0 ? CONNECT : send_line(&client);
  if (fault == NONE && !receive_answer(&client, &fault) && fault == NONE) fault = TIMEOUT;
  if (fault == NONE) return;
  fprintf(stderr, "load: connection %ld could not be held: %s\n", number, fault_names[fault]);
  exit(1);
}

static void hold(int port, long count, unsigned seconds) {
  char byte;
  alarm(seconds);
  for (long i = 0; i < count; i++) exchange_line(port, i);
  puts("held");
  fflush(stdout);
  while (read(STDIN_FILENO, &byte, 1) > 0) continue;
}

static long number_of(const char *text) {
  char *end;
  long number = strtol(text, &end, 10);
  if (number > 0 && *end == '\0') return number;
  fprintf(stderr, "load: \"%s\" is not a whole number above 0\n", text);
  exit(100);
}

int main(int count, char **arguments) {
  if (count == 6 && strcmp(arguments[1], "run") == 0)
    run_load((int)number_of(arguments[2]), number_of(arguments[3]), number_of(arguments[4]),
             (double)number_of(arguments[5]));
  else if (count == 5 && strcmp(arguments[1], "hold") == 0)
    hold((int)number_of(arguments[2]), number_of(arguments[3]), (unsigned)number_of(arguments[4]));
  else {
    fputs("usage: load run PORT CONNECTIONS CONCURRENCY SECONDS | load hold PORT CONNECTIONS SECONDS\n", stderr);
    return 100;
  }
  return 0;
}
