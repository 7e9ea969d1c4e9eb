#ifndef FORKD_MEMORY_FILE_H
#define FORKD_MEMORY_FILE_H

#include <sys/types.h>

/*
 * A file in memory (memfd_create(2)) of so many bytes, all of them zero: its descriptor, or -errno. -EFBIG where files may not be
 * so large: the kernel would not only refuse, but end this process by SIGXFSZ.
 */
int fk_memory_file(const char *name, off_t size);

#endif
