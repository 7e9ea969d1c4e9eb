/* A lock on a file that the kernel takes back when its holder dies. Every function returns -errno on failure. */
#ifndef FORKD_LOCK_H
#define FORKD_LOCK_H

/*
 * Locks the whole file; -EAGAIN if another has it. The lock belongs to the open file description (F_OFD_SETLK, fcntl(2)):
 * it ends with the last descriptor of it, and goes to whoever is passed one.
 */
int fk_lock(int fd);

/* Whether another open file description has it: 1, or 0. Takes nothing itself, not even for a moment. */
int fk_is_locked(int fd);

#endif
