/* This process becomes another program: execve(2). */
#ifndef FORKD_EXEC_H
#define FORKD_EXEC_H

/*
 * Only the standard descriptors and `kept` stay open, under their numbers. Children remain this process's, so do locks of
 * what is kept. -errno if nothing has come of it: then all is as before.
 */
int fk_exec(const char *path, char **arguments, char **environment, const int *kept, int count);

#endif
