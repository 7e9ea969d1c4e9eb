#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

#define TESTS_MAX 256
#define PATIENCE_S 60

enum { FAILED = 1, SKIPPED = 77 };

struct test {
  const char *file, *name;
  void (*run)(void);
};

static struct test tests[TESTS_MAX];
static int test_count;
static volatile int *returned; /* shared with the test's process: an exit with status 0 is not yet a test that passed */

/* Forked processes have no business looking for leaks, and undefined behaviour is a failure like any other. */
const char *__asan_default_options(void) { return "detect_leaks=0:exitcode=99"; }
const char *__ubsan_default_options(void) { return "halt_on_error=1:print_stacktrace=1:exitcode=99"; }

void test_list(const char *file, const char *name, void (*run)(void)) {
  if (test_count == TESTS_MAX) abort();
  tests[test_count++] = (struct test){file, name, run};
}

void test_check(int holds, const char *fact, const char *file, int line) {
  if (holds) return;
  fprintf(stderr, "%s:%d: not so: %s (errno: %s)\n", file, line, fact, strerror(errno));
  _exit(FAILED);
}

void test_check_equal(long long is, long long wanted, const char *what, const char *file, int line) {
  if (is == wanted) return;
  fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", file, line, what, is, wanted);
  _exit(FAILED);
}

void test_check_text(const char *is, const char *wanted, const char *what, const char *file, int line) {
  if (strcmp(is, wanted) == 0) return;
  fprintf(stderr, "%s:%d: %s is \"%s\", not \"%s\"\n", file, line, what, is, wanted);
  _exit(FAILED);
}

void test_nap(void) { nanosleep(&(struct timespec){.tv_nsec = 500000}, NULL); }

void test_skip(const char *why) {
  fprintf(stderr, "skipped: %s\n", why);
  _exit(SKIPPED);
}

/* The wait status, -1 if the test ran out of time. */
static int wait_for_end(pid_t pid) {
  struct timespec now, begun;
  clock_gettime(CLOCK_MONOTONIC, &begun);
  for (;;) {
    int status;
    if (waitpid(pid, &status, WNOHANG) == pid) return status;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec - begun.tv_sec >= PATIENCE_S) return -1;
    test_nap();
  }
}

/* One of the processes that this one has adopted, 0 if there is none: proc_pid_children(5). */
static pid_t left_behind(void) {
  char path[64];
  int pid = 0;
  snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
  FILE *children = fopen(path, "re");
  if (!children) abort();
  if (fscanf(children, "%d", &pid) != 1) pid = 0;
  fclose(children);
  return pid;
}

/* What the test has left behind was adopted by this process; workers lead groups of their own. */
static void clear_up(pid_t group) {
  kill(-group, SIGKILL);
  for (pid_t pid = left_behind(); pid > 0; pid = left_behind()) {
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
  }
}

static const char *judge(int status) {
  if (status == -1) return "FAILED (hangs)";
  if (WIFSIGNALED(status)) return "FAILED (killed by a signal)";
  if (WEXITSTATUS(status) == SKIPPED) return "skipped";
  if (WEXITSTATUS(status) != 0) return "FAILED";
  return *returned ? "ok" : "FAILED (its process left before the end)";
}

static const char *run(const struct test *test) {
  *returned = 0;
  pid_t pid = fork();
  if (pid == 0) {
    setpgid(0, 0);
    test->run();
    *returned = 1;
    _exit(0);
  }
  setpgid(pid, pid);
  int status = wait_for_end(pid);
  clear_up(pid);
  return judge(status);
}

/* Runs the tests, or those whose file or name contains the argument. */
int main(int argc, char **argv) {
  const char *wanted = argc > 1 ? argv[1] : "";
  int ran = 0, failed = 0, skipped = 0;
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  returned = mmap(NULL, sizeof *returned, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < test_count; i++) {
    if (!strstr(tests[i].file, wanted) && !strstr(tests[i].name, wanted)) continue;
    const char *verdict = run(&tests[i]);
    ran++;
    failed += verdict[0] == 'F';
    skipped += verdict[0] == 's';
    printf("%s: %s: %s\n", tests[i].file, tests[i].name, verdict);
    fflush(stdout);
  }
  printf("%d tests, %d failed, %d skipped\n", ran, failed, skipped);
  return failed > 0 || ran == 0;
}
