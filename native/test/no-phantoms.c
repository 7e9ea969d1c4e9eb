#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../sys/fork.h"
#include "parked.h"
#include "support.h"
#include "test.h"

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
