/*
 * hold PORT CONNECTIONS SECONDS: the benchmark's client that keeps connections open.
 *
 * Opens CONNECTIONS connections to 127.0.0.1:PORT, one after another, exchanges one line on each, prints "held" and keeps
 * them open until its stdin is closed, SECONDS at most.
 */
#include "client.h"

static const char line[] = "a line of a connection that stays\r\n";
static const char answer[] = "A LINE OF A CONNECTION THAT STAYS\r\n";

static void hold_connection(int port, long number) {
  char got[sizeof answer];
  int fd = open_socket(port, number, 0);
  size_t length = sizeof answer - 1;
  if (fd >= 0 && send(fd, line, length, MSG_NOSIGNAL) == (ssize_t)length &&
      recv(fd, got, length, MSG_WAITALL) == (ssize_t)length && memcmp(got, answer, length) == 0)
    return;
  fprintf(stderr, "load: connection %ld could not be held: no right answer within %.0f s\n", number, ANSWER_SECONDS);
  exit(1);
}

int main(int count, char **arguments) {
  char nothing;
  if (count != 4) {
    fputs("usage: hold PORT CONNECTIONS SECONDS\n", stderr);
    return 100;
  }
  int port = (int)number_of(arguments[1]);
  long connections = (long)number_of(arguments[2]);
  alarm((unsigned)number_of(arguments[3]));
  raise_descriptor_limit();
  for (long number = 0; number < connections; number++) hold_connection(port, number);
  puts("held");
  fflush(stdout);
  return read(STDIN_FILENO, &nothing, 1) < 0;
}
