/* Threads that sleep on futexes as a process is forked, for the tests of what becomes of those in the child. */
#ifndef FORKD_TEST_PARKED_H
#define FORKD_TEST_PARKED_H

#include <pthread.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#define THREADS 3

/* A queue on which threads wait for things to do. */
struct queue {
  pthread_mutex_t mutex;
  pthread_cond_t condition;
  int things, done;
  _Atomic pid_t threads[THREADS];
  _Atomic int thread_count;
};

void start(void *(*run)(void *), void *argument);

/* What each of the queue's threads runs. */
void *work(void *queue);
void give(struct queue *queue);
int done(struct queue *queue);

/* Whether a thread of this process sleeps on a futex there. */
int is_parked_within(pid_t thread, const void *start, size_t length);
int all_are_parked(struct queue *queue);

/* Threads parked on a condition variable, in both of its groups: one of them was woken and came back. */
void park_threads(struct queue *queue, clockid_t clock);

/* In a child: wakes who may sleep there, and exits with 0. */
void wake_and_leave(struct queue *queue) __attribute__((noreturn));

/* A child has one thread: if that sleeps on a futex, nobody will wake it. It is ended then; else it must end with 0. */
int hangs(pid_t pid);

#endif
