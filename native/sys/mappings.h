#ifndef FORKD_MAPPINGS_H
#define FORKD_MAPPINGS_H

#include <stddef.h>

/* Call `visit` for each private anonymous mapping of this process (proc_pid_maps(5)). 0 or -errno. Allocates nothing. */
int fk_mappings_each_private_anonymous(void (*visit)(void *start, size_t length));

#endif
