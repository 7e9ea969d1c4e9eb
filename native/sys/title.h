/* What ps(1) and top(1) call a process. */
#ifndef FORKD_TITLE_H
#define FORKD_TITLE_H

/* Find where the command line of this process is: once, in the zygote. 0 or -errno. */
int fk_title_find(void);

/* The command line, and the name of the thread (PR_SET_NAME): cut where there is no more room. */
void fk_title_set(const char *title);

#endif
