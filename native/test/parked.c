#define _GNU_SOURCE
#include "parked.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"
#include "test.h"

void *work(void *argument) {
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

int is_parked_within(pid_t thread, const void *start, size_t length) {
  size_t futex;
  return sleeps_in(getpid(), thread, SYS_futex, &futex) && futex - (uintptr_t)start < length;
}

int all_are_parked(struct queue *queue) {
  if (queue->thread_count < THREADS) return 0;
  for (int i = 0; i < THREADS; i++)
    if (!is_parked_within(queue->threads[i], &queue->condition, sizeof queue->condition)) return 0;
  return 1;
}

int done(struct queue *queue) {
  pthread_mutex_lock(&queue->mutex);
  int done = queue->done;
  pthread_mutex_unlock(&queue->mutex);
  return done;
}

void give(struct queue *queue) {
  pthread_mutex_lock(&queue->mutex);
  queue->things++;
  pthread_cond_signal(&queue->condition);
  pthread_mutex_unlock(&queue->mutex);
}

void start(void *(*run)(void *), void *argument) {
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, run, argument) == 0);
}

void park_threads(struct queue *queue, clockid_t clock) {
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

void wake_and_leave(struct queue *queue) {
  for (int i = 0; i < 10 * THREADS; i++) pthread_cond_signal(&queue->condition);
  pthread_cond_broadcast(&queue->condition);
  _exit(0);
}

int hangs(pid_t pid) {
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
