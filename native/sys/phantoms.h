/* Phantom waiters: threads that a condition variable remembers, and that a fork has left behind. */
#ifndef FORKD_PHANTOMS_H
#define FORKD_PHANTOMS_H

/* Note the condition variables on which this process's other threads are parked. How many threads are running, or -errno. */
int fk_phantoms_find(void);

/* In a child: make those condition variables new. */
void fk_phantoms_forget(void);

#endif
