#ifndef FORKD_MEMORY_FILE_H
#define FORKD_MEMORY_FILE_H

#include <sys/types.h>

/*
 * A file in memory (memfd_create(2)) of so many bytes, all of them zero: its descriptor, or -errno. -EFBIG where the size of files
 * is limited: the kernel would end this process for making it.
 */
int memory_file(const char *name, off_t size);

#endif
