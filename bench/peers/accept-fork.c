/*
 * The limit of a process per connection: accept() and fork() in C, with nothing around them. The kernel reaps, unless
 * BENCH_REAP is set: what children have used that the kernel reaped is told nowhere.
 */
#include "uppercase.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>

int main(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  int reaps = getenv("BENCH_REAP") != NULL;
  if (!reaps) signal(SIGCHLD, SIG_IGN);
  if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 511) != 0) return 1;
  getsockname(listener, (struct sockaddr *)&address, &size);
  printf("127.0.0.1:%d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) {
    int fd = accept(listener, NULL, NULL);
    if (fd >= 0 && fork() == 0) {
      close(listener);
      serve_uppercase(fd, fd);
      _exit(0);
    }
    close(fd);
    while (reaps && waitpid(-1, NULL, WNOHANG) > 0);
  }
}
