#ifndef FORKD_MAPPINGS_H
#define FORKD_MAPPINGS_H

#include <stddef.h>

/* What is told of a mapping: `protection` as mmap(2) takes it. */
typedef void fk_mapping_visitor(void *start, size_t length, int protection);

/* Call `see` for each line of a file, of those that tell of a process (proc(5)): 0 or -errno. Allocates nothing. */
int fk_each_line(const char *path, void (*see)(const char *line, void *context), void *context);

/* Call `visit` for each private anonymous mapping of this process (proc_pid_maps(5)). 0 or -errno. Allocates nothing. */
int fk_mappings_each_private_anonymous(fk_mapping_visitor *visit);

#endif
