/* Whether a peer reads: a slow one must not be taken for an idle one. Async-signal-safe. */
#ifndef FORKD_PROGRESS_H
#define FORKD_PROGRESS_H

/* Output is waiting for the peer, and some of it was taken since this was last asked about the socket. */
int fk_peer_is_reading(int fd);

/*
 * Output that is still waiting is not worth keeping: when the socket is closed the peer gets a reset, and the kernel does not
 * hold the rest for a peer that does not read.
 */
void fk_abandon_output(int fd);

/* A new connection: nothing was asked about it yet. */
void fk_progress_reset(void);

#endif
