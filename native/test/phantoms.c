#define _GNU_SOURCE
#include "../sys/phantoms.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../sys/fork.h"
#include "support.h"
#include "test.h"

#define THREADS 3

/* A queue on which threads wait for things to do. */
struct queue {
  pthread_mutex_t mutex;
  pthread_cond_t condition;
  int things, done;
  _Atomic pid_t threads[THREADS];
  _Atomic int thread_count;
};

static void *work(void *argument) {
  struct queue *queue = argument;
  queue->threads[atomic_fetch_add(&queue->thread_count, 1)] = (pid_t)syscall(SYS_gettid);
  pthread_mutex_lock(&queue->mutex);
  for (;;) {
    while (queue->things == 0) pthread_cond_wait(&queue->condition, &queue->mutex);
    queue->things--;
    queue->done++;
  }
  return NULL;
}

static int is_parked_within(pid_t thread, const void *start, size_t length) {
  size_t futex;
  return sleeps_in(getpid(), thread, SYS_futex, &futex) && futex - (uintptr_t)start < length;
}

static int all_are_parked(struct queue *queue) {
  if (queue->thread_count < THREADS) return 0;
  for (int i = 0; i < THREADS; i++)
    if (!is_parked_within(queue->threads[i], &queue->condition, sizeof queue->condition)) return 0;
  return 1;
}

static int done(struct queue *queue) {
  pthread_mutex_lock(&queue->mutex);
  int done = queue->done;
  pthread_mutex_unlock(&queue->mutex);
  return done;
}

static void give(struct queue *queue) {
  pthread_mutex_lock(&queue->mutex);
  queue->things++;
  pthread_cond_signal(&queue->condition);
  pthread_mutex_unlock(&queue->mutex);
}

static void start(void *(*run)(void *), void *argument) {
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, run, argument) == 0);
}

/* Threads parked on a condition variable, in both of its groups: one of them was woken and came back. */
static void park_threads(struct queue *queue, clockid_t clock) {
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, clock);
  pthread_cond_init(&queue->condition, &attributes);
  pthread_mutex_init(&queue->mutex, NULL);
  for (int i = 0; i < THREADS; i++) start(work, queue);
  WAIT_FOR(all_are_parked(queue));
  give(queue);
  WAIT_FOR(done(queue) == 1 && all_are_parked(queue));
}

static void wake_and_leave(struct queue *queue) {
  for (int i = 0; i < 10 * THREADS; i++) pthread_cond_signal(&queue->condition);
  pthread_cond_broadcast(&queue->condition);
  _exit(0);
}

/* A child has one thread: if that sleeps on a futex, nobody will wake it. */
static int hangs(pid_t pid) {
  int status;
  for (;;) {
    if (waitpid(pid, &status, WNOHANG) == pid) {
      CHECK_EQUAL(status, 0);
      return 0;
    }
    if (sleeps_in(pid, pid, SYS_futex, NULL)) break;
    test_nap();
  }
  kill(pid, SIGKILL);
  CHECK_EQUAL(end_of(pid), -SIGKILL);
  return 1;
}

/* Up to glibc 2.40, unless a distribution has mended it: waiters count themselves in g_refs, words 4 and 5. */
static int glibc_waits_for_phantoms(const pthread_cond_t *waited_on) {
  uint32_t words[sizeof *waited_on / sizeof(uint32_t)];
  memcpy(words, waited_on, sizeof words);
  return words[4] != 0 && words[5] != 0;
}

static void check_signals_return(clockid_t clock) {
  static struct queue queue;
  park_threads(&queue, clock);
  CHECK_EQUAL(fk_fork_prepare(), 0);
  pid_t plain = fork();
  if (plain == 0) wake_and_leave(&queue);
  CHECK_EQUAL(hangs(plain), glibc_waits_for_phantoms(&queue.condition));
  for (int round = 0; round < 5; round++) {
    pid_t repaired = fk_fork();
    if (repaired == 0) wake_and_leave(&queue);
    CHECK_EQUAL(hangs(repaired), 0);
  }
  give(&queue); /* in the parent, all is as it was */
  WAIT_FOR(done(&queue) == 2);
}

TEST(signals_return_where_a_plain_fork_would_hang) { check_signals_return(CLOCK_REALTIME); }

TEST(signals_return_where_a_plain_fork_would_hang_by_the_other_clock) { check_signals_return(CLOCK_MONOTONIC); }

TEST(several_condition_variables_are_mended_at_once) {
  static struct queue queues[4];
  for (int i = 0; i < 4; i++) park_threads(&queues[i], i % 2 ? CLOCK_MONOTONIC : CLOCK_REALTIME);
  CHECK_EQUAL(fk_fork_prepare(), 0);
  for (int i = 0; i < 4; i++) {
    pid_t pid = fk_fork();
    if (pid == 0) wake_and_leave(&queues[i]);
    CHECK_EQUAL(hangs(pid), 0);
  }
}

static double now_by(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* By the wrong clock this would end at once, or in decades. */
static void check_wait_of_a_child(clockid_t clock) {
  static struct queue queue;
  park_threads(&queue, clock);
  CHECK_EQUAL(fk_fork_prepare(), 0);
  pid_t pid = fk_fork();
  if (pid == 0) {
    double begun = now_by(clock), until = begun + 30;
    struct timespec deadline = {.tv_sec = (time_t)(until / 1e3)};
    deadline.tv_nsec = (long)((until - (double)deadline.tv_sec * 1e3) * 1e6);
    pthread_mutex_lock(&queue.mutex);
    while (pthread_cond_timedwait(&queue.condition, &queue.mutex, &deadline) == 0) continue;
    _exit(now_by(clock) - begun >= 29.9 ? 0 : 1);
  }
  CHECK_EQUAL(end_of(pid), 0);
}

TEST(a_child_waits_by_the_wall_clock_if_that_was_asked_for) { check_wait_of_a_child(CLOCK_REALTIME); }

TEST(a_child_waits_by_the_monotonic_clock_if_that_was_asked_for) { check_wait_of_a_child(CLOCK_MONOTONIC); }

TEST(new_threads_of_a_child_wait_and_are_woken_like_the_old) {
  static struct queue queue;
  park_threads(&queue, CLOCK_MONOTONIC);
  CHECK_EQUAL(fk_fork_prepare(), 0);
  pid_t pid = fk_fork();
  if (pid == 0) {
    queue.thread_count = 0;
    for (int i = 0; i < THREADS; i++) start(work, &queue);
    WAIT_FOR(all_are_parked(&queue));
    for (int i = 0; i < 100; i++) give(&queue);
    WAIT_FOR(done(&queue) == 101);
    _exit(0);
  }
  CHECK_EQUAL(end_of(pid), 0);
}

/* Threads sleep on all of these; only one is a condition variable. */
struct neighbours {
  unsigned char ones[64];
  sem_t before;
  struct queue queue;
  sem_t after, alone;
  pthread_mutex_t taken;
  uint32_t futex;
};

static struct neighbours all;
static _Atomic pid_t sleepers[5];

static void *sleep_on_semaphore(void *argument) {
  sem_t *semaphores[] = {&all.before, &all.after, &all.alone};
  size_t which = (size_t)argument;
  sleepers[which] = (pid_t)syscall(SYS_gettid);
  sem_wait(semaphores[which]);
  return NULL;
}

static void *sleep_on_mutex(void *argument) {
  sleepers[3] = (pid_t)syscall(SYS_gettid);
  pthread_mutex_lock(&all.taken);
  return argument;
}

static void *sleep_on_futex(void *argument) {
  sleepers[4] = (pid_t)syscall(SYS_gettid);
  syscall(SYS_futex, &all.futex, 0 /* FUTEX_WAIT */, 0, NULL, NULL, 0);
  return argument;
}

static int all_sleep(void) {
  for (int i = 0; i < 5; i++)
    if (sleepers[i] == 0 || !is_parked_within(sleepers[i], &all, sizeof all)) return 0;
  return 1;
}

static int differ(const struct neighbours *was) {
  size_t condition = offsetof(struct neighbours, queue.condition), next = condition + sizeof(pthread_cond_t);
  return memcmp(&all, was, condition) || memcmp((char *)&all + next, (const char *)was + next, sizeof all - next);
}

TEST(what_is_no_condition_variable_is_left_alone) {
  static struct neighbours was;
  memset(all.ones, 0xff, sizeof all.ones);
  sem_init(&all.before, 0, 0);
  sem_init(&all.after, 0, 0);
  sem_init(&all.alone, 0, 0);
  pthread_mutex_init(&all.taken, NULL);
  pthread_mutex_lock(&all.taken);
  park_threads(&all.queue, CLOCK_REALTIME);
  for (size_t i = 0; i < 3; i++) start(sleep_on_semaphore, (void *)i);
  start(sleep_on_mutex, NULL);
  start(sleep_on_futex, NULL);
  WAIT_FOR(all_sleep());
  CHECK_EQUAL(fk_fork_prepare(), 0);
  memcpy(&was, &all, sizeof all);
  pid_t pid = fk_fork();
  if (pid == 0) {
    CHECK(!differ(&was));
    sem_post(&all.alone);
    CHECK_EQUAL(sem_trywait(&all.alone), 0);
    wake_and_leave(&all.queue);
  }
  CHECK_EQUAL(hangs(pid), 0);
}

/* Words that look like a condition variable's, but for its count of waiters, or those of the group. */
static uint32_t resembling[2][12] __attribute__((aligned(8))) = {{[4] = 2, [9] = 0}, {[4] = 0, [9] = 8}};

static void *sleep_on_tenth_word(void *words) {
  sleepers[(uint32_t(*)[12])words - resembling] = (pid_t)syscall(SYS_gettid);
  syscall(SYS_futex, (uint32_t *)words + 10, 0 /* FUTEX_WAIT */, 0, NULL, NULL, 0);
  return words;
}

TEST(what_resembles_a_condition_variable_by_half_is_left_alone) {
  for (int i = 0; i < 2; i++) {
    start(sleep_on_tenth_word, resembling[i]);
    WAIT_FOR(sleepers[i] > 0 && is_parked_within(sleepers[i], resembling[i], sizeof resembling[i]));
  }
  CHECK_EQUAL(fk_fork_prepare(), 0);
  pid_t pid = fk_fork();
  if (pid == 0) {
    CHECK_EQUAL(resembling[0][4], 2);
    CHECK_EQUAL(resembling[1][9], 8);
    _exit(0);
  }
  CHECK_EQUAL(end_of(pid), 0);
}

static void *lock(void *mutex) {
  sleepers[0] = (pid_t)syscall(SYS_gettid);
  pthread_mutex_lock(mutex);
  return mutex;
}

TEST(a_futex_at_the_start_of_a_mapping_has_nothing_before_it_to_look_at) {
  char *pages = mmap(NULL, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(pages != MAP_FAILED && munmap(pages, 4096) == 0);
  pthread_mutex_t *mutex = (pthread_mutex_t *)(pages + 4096);
  pthread_mutex_init(mutex, NULL);
  pthread_mutex_lock(mutex);
  start(lock, mutex);
  WAIT_FOR(sleepers[0] > 0 && is_parked_within(sleepers[0], mutex, sizeof *mutex));
  CHECK_EQUAL(fk_fork_prepare(), 0);
  pid_t pid = fk_fork();
  if (pid == 0) _exit(0);
  CHECK_EQUAL(end_of(pid), 0);
}

TEST(only_what_was_found_is_made_new) {
  static struct queue queue;
  CHECK_EQUAL(fk_phantoms_find(), 0);
  park_threads(&queue, CLOCK_REALTIME);
  pthread_cond_t was = queue.condition;
  fk_phantoms_forget(); /* they were not looked for again */
  CHECK(memcmp(&was, &queue.condition, sizeof was) == 0);
}
