/*
 * leash: runs a program so that nothing it starts can outlive the benchmark.
 *
 *   leash PROGRAM [ARGUMENT...]
 *
 * Whatever the program leaves behind is adopted by the leash (a child subreaper), whatever session it is in. The leash
 * ends when no process is left below it: once the program has ended it kills the rest. SIGTERM asks the program to end
 * and kills it after 5 s; SIGQUIT kills at once, and so does the death of the process that started the leash.
 *
 * It kills none but its own unreaped children, whose process ids cannot have passed to anybody else.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { GRACE_SECONDS = 5 };

static void kill_children(void) {
  char path[64];
  int child;
  snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
  FILE *children = fopen(path, "re");
  if (children == NULL) {
    perror("leash: the kernel does not list child processes");
    _exit(111);
  }
  while (fscanf(children, "%d", &child) == 1) kill(child, SIGKILL);
  fclose(children);
}

/* Those of a killed child become ours in turn, until there is none. */
static void kill_all(void) {
  do kill_children();
  while (waitpid(-1, NULL, 0) > 0 || errno == EINTR);
}

/* Reaps whoever has ended; says whether the program is among them. */
static int reap(pid_t program) {
  int ended = 0;
  for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG)) > 0;) ended |= pid == program;
  return ended;
}

/* Returns when the program has ended, or may live no longer. */
static void watch(pid_t program, const sigset_t *signals) {
  const struct timespec grace = {.tv_sec = GRACE_SECONDS};
  int asked = 0;
  while (!reap(program)) {
    int signal = asked ? sigtimedwait(signals, NULL, &grace) : sigwaitinfo(signals, NULL);
    if (signal == SIGQUIT || (signal < 0 && errno == EAGAIN)) return;
    if (signal == SIGTERM) asked = kill(program, SIGTERM) == 0;
  }
}

static void run(char **command, const sigset_t *signals) {
  sigprocmask(SIG_UNBLOCK, signals, NULL);
  execv(command[0], command);
  fprintf(stderr, "leash: %s cannot be run: %s\n", command[0], strerror(errno));
  _exit(127);
}

int main(int count, char **arguments) {
  sigset_t signals;
  pid_t parent = getppid();
  if (count < 2) return 100;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGQUIT);
  sigaddset(&signals, SIGCHLD);
  sigprocmask(SIG_BLOCK, &signals, NULL);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (getppid() != parent) return 0; /* it died before it could be watched */
  pid_t program = fork();
  if (program < 0) return 111;
  if (program == 0) run(arguments + 1, &signals);
  /* The pipes are the program's: its end must be seen on them. */
  for (int fd = 0; fd < 64; fd++)
    if (fd != STDERR_FILENO) close(fd);
  watch(program, &signals);
  kill_all();
  return 0;
}
