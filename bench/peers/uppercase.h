/* The job of every contestant, in C: each line comes back in upper case, until QUIT or the end of input. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void serve_uppercase(int in, int out) {
  char line[1024];
  FILE *input = fdopen(in, "r");
  while (fgets(line, sizeof line - 1, input) != NULL) {
    size_t length = strcspn(line, "\r\n");
    for (size_t i = 0; i < length; i++) line[i] = (char)toupper((unsigned char)line[i]);
    if (length == 4 && memcmp(line, "QUIT", 4) == 0) return;
    memcpy(line + length, "\r\n", 2);
    if (write(out, line, length + 2) < 0) return;
  }
}
