/* What xinetd, tcpserver and socat start for each connection: it is the program's standard input and output. */
#include "uppercase.h"

int main(void) {
  serve_uppercase(STDIN_FILENO, STDOUT_FILENO);
  return 0;
}
