/* What the benchmark's clients have in common: sockets, time, faults, and how they are told on stdout. */
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

enum { SOURCES = 64 };

static const double ANSWER_SECONDS = 10; /* a connection without its answer by then has timed out */

enum fault { NONE, CONNECT, RESET, CLOSED_EARLY, WRONG_ANSWER, TIMEOUT, FAULTS };
static const char *const fault_names[FAULTS] = {"", "connect", "reset", "closedEarly", "wrongAnswer", "timeout"};

static inline double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static inline void fail(const char *what) {
  fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
  exit(1);
}

static inline void *allocate(long count, size_t size) {
  void *memory = calloc((size_t)count + 1, size);
  if (memory == NULL) fail("calloc");
  return memory;
}

/* We close first, so the TIME_WAITs are ours. Many source addresses keep one from running out of ports. */
static inline int open_socket(int port, long number, int flags) {
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

static inline void raise_descriptor_limit(void) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

/* The smallest of the sorted values that at least this share of them does not exceed. */
static inline double percentile(const double *values, long count, double share) {
  if (count == 0) return 0;
  long index = (long)(share * (double)count);
  return values[index < count ? index : count - 1];
}

static inline double own_cpu_seconds(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static inline void print_faults(const long *faults) {
  printf("\"errors\":{");
  for (int i = NONE + 1; i < FAULTS; i++) printf("%s\"%s\":%ld", i > NONE + 1 ? "," : "", fault_names[i], faults[i]);
  printf("}");
}

static inline double number_of(const char *text) {
  char *end;
  double number = strtod(text, &end);
  if (number > 0 && *end == '\0') return number;
  fprintf(stderr, "load: \"%s\" is not a number above 0\n", text);
  exit(100);
}
