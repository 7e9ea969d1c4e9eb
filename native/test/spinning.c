#include "spinning.h"

#include "support.h"

_Atomic int *notices;

static void count_notice(void) { atomic_fetch_add(notices, 1); }

int outcome(void) { return atomic_load(&slot()->outcome); }

int ended(enum fk_outcome how) { return (int)atomic_load(&fk_worker.header->ended[how]); }

void stage_timeouts(double idle_timeout_ms, double session_timeout_ms, double drain_timeout_ms) {
  stage_worker(NULL, 0);
  notices = shared(sizeof *notices);
  fk_worker.notify = count_notice;
  fk_worker.idle_timeout_ms = idle_timeout_ms;
  fk_worker.session_timeout_ms = session_timeout_ms;
  fk_worker.drain_timeout_ms = drain_timeout_ms;
}

pid_t fork_spinning_worker(void) {
  pid_t pid = fork_worker();
  if (pid != 0) return pid;
  fk_deadlines_arm();
  atomic_store(&slot()->state, FK_BUSY);
  fk_worker_unblock_signals();
  for (;;) continue;
}
