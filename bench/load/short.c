/*
 * short PORT CONNECTIONS CONCURRENCY SECONDS: the benchmark's client for short connections.
 *
 * Opens CONNECTIONS connections to 127.0.0.1:PORT, CONCURRENCY at a time. Each sends one line, compares the answer byte
 * for byte and closes. After SECONDS no more are opened; those under way are answered or time out, so that none is left
 * out because it was slow. One JSON object on stdout. One thread, epoll, no libraries.
 */
#include "client.h"

enum { LINE_SIZE = 64, EVENTS = 256, TICK_MS = 100 };

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
  long *ticks;       /* answers in each tenth of a second, */
  long tick_count;   /* and how many of those there are room for */
};

/* The line of a connection holds its number, so that an answer meant for another connection is noticed. */
static size_t write_line(char *line, long number) {
  return (size_t)snprintf(line, LINE_SIZE, "a line of connection %ld\r\n", number);
}

static size_t write_answer(char *answer, long number) {
  size_t length = write_line(answer, number);
  for (size_t i = 0; i < length; i++) answer[i] = (char)toupper((unsigned char)answer[i]);
  return length;
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
  long tick = (long)((time - run->started) * 1e3 / TICK_MS);
  if (tick < run->tick_count) run->ticks[tick]++;
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

static void report(struct run *run) {
  double seconds = run->last - run->started;
  double *sorted = run->latencies;
  long count = run->succeeded, ticks = run->tick_count;
  qsort(sorted, (size_t)count, sizeof *sorted, by_size);
  printf("{\"connections\":%ld,\"seconds\":%.6f,\"perSecond\":%.1f,", count, seconds,
         seconds > 0 ? (double)run->counted / seconds : 0);
  printf("\"p50\":%.3f,\"p99\":%.3f,\"p999\":%.3f,\"max\":%.3f,\"cpuSeconds\":%.3f,", percentile(sorted, count, 0.5),
         percentile(sorted, count, 0.99), percentile(sorted, count, 0.999), percentile(sorted, count, 1),
         own_cpu_seconds());
  print_faults(run->faults);
  while (ticks > 0 && run->ticks[ticks - 1] == 0) ticks--;
  printf(",\"ticks\":[");
  for (long i = 0; i < ticks; i++) printf("%s%ld", i > 0 ? "," : "", run->ticks[i]);
  printf("]}\n");
}

static void run_load(int port, long total, long concurrency, double seconds) {
  struct run run = {.epoll = epoll_create1(EPOLL_CLOEXEC), .port = port, .total = total};
  struct client *clients = allocate(concurrency, sizeof *clients);
  struct epoll_event events[EVENTS];
  run.latencies = allocate(total, sizeof *run.latencies);
  run.tick_count = (long)((seconds + ANSWER_SECONDS) * 1e3 / TICK_MS);
  run.ticks = allocate(run.tick_count, sizeof *run.ticks);
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

int main(int count, char **arguments) {
  if (count != 5) {
    fputs("usage: short PORT CONNECTIONS CONCURRENCY SECONDS\n", stderr);
    return 100;
  }
  raise_descriptor_limit();
  run_load((int)number_of(arguments[1]), (long)number_of(arguments[2]), (long)number_of(arguments[3]),
           number_of(arguments[4]));
  return 0;
}
