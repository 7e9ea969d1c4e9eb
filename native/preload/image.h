/*
 * An image of the heap: what the zygote's memory holds, in a file in memory that is mapped privately in its place.
 *
 * A fork copies the page tables of anonymous memory, entry by entry, and each child takes them down again. Those of a file to
 * which nobody has written it does not copy: a child finds the pages when it touches them, many at a time.
 */
#ifndef FORKD_IMAGE_H
#define FORKD_IMAGE_H

#include <stddef.h>

/*
 * As madvise(2) with MADV_DONTNEED, for memory some of which may be the image's: all of it reads as zero afterwards, as
 * anonymous memory does, and not as it was when the image was taken. 0, or -1 and errno.
 */
int image_discard(char *start, size_t length);

/* This memory has been unmapped, or mapped anew: it is nobody's image from now on. */
void image_release(char *start, size_t length);

/* This is what may be done with this memory from now on: mprotect(2). */
void image_protect(char *start, size_t length, int protection);

#endif
