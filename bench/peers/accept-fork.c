/* The limit of a process per connection: accept() and fork() in C, with nothing around them. */
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void serve(int fd) {
  char line[1024];
  FILE *input = fdopen(fd, "r");
  while (fgets(line, sizeof line - 1, input) != NULL) {
    size_t length = strcspn(line, "\r\n");
    for (size_t i = 0; i < length; i++) line[i] = (char)toupper((unsigned char)line[i]);
    if (length == 4 && memcmp(line, "QUIT", 4) == 0) return;
    memcpy(line + length, "\r\n", 2);
    if (write(fd, line, length + 2) < 0) return;
  }
}

int main(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  signal(SIGCHLD, SIG_IGN); /* the kernel reaps */
  if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 511) != 0) return 1;
  getsockname(listener, (struct sockaddr *)&address, &size);
  printf("127.0.0.1:%d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) {
    int fd = accept(listener, NULL, NULL);
    if (fd >= 0 && fork() == 0) {
      close(listener);
      serve(fd);
      _exit(0);
    }
    close(fd);
  }
}
