/* What a connection has cost, and how its end is told without making a record: most are as usual. */
#ifndef FORKD_ENDING_H
#define FORKD_ENDING_H

/* What this process has used until now is not the next connection's. */
void fk_usage_begin(void);

/*
 * The line that says how this worker's connection has ended, into the log's pipe; src/log/end-line.ts makes a record of it,
 * in the supervisor. 0 or -errno.
 */
int fk_tell_end(int log);

#endif
