/* Programs that are started as workers, and what they are told. Every function returns -errno on failure. */
#ifndef FORKD_SPAWN_H
#define FORKD_SPAWN_H

#include <stddef.h>
#include <sys/types.h>

#define FK_FIRST_PASSED 3 /* the descriptor under which a program finds the first one that it was passed */

struct fk_program {
  const char *path;
  char *const *arguments;
  char *const *environment;
  const int *descriptors; /* beside the standard ones, and there are no others: from FK_FIRST_PASSED on, in this order */
  int count;
};

/*
 * Start a program: its pid. vfork(2), so that it does not matter how large this process is, nor how many threads it has.
 * The program begins with default dispositions, the caller's mask, and `orphaned` for the death of its parent.
 */
pid_t fk_spawn(const struct fk_program *program, int orphaned);

/* A memfd with these bytes, which nobody can change any more. */
int fk_sealed(const void *bytes, size_t length);

#endif
