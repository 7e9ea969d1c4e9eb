/* The limit of a process per connection: accept() and fork() in C, with nothing around them. */
#include "uppercase.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>

int main(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
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
    /* Children that the kernel reaped by itself would be missing in what the benchmark counts. */
    while (waitpid(-1, NULL, WNOHANG) > 0);
  }
}
