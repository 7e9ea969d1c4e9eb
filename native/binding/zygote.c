#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "../sys/fork.h"
#include "../sys/process.h"
#include "../sys/title.h"
#include "../sys/worker.h"
#include "binding.h"

#define DESCRIPTORS_MAX 256

/* libuv's, exported by every node binary; of uv_loop_t only the address is known here. */
extern int uv_loop_fork(struct uv_loop_s *loop);
extern int uv_backend_fd(const struct uv_loop_s *loop);

static struct uv_loop_s *loop;
static int memfd;
static int closed_in_child[DESCRIPTORS_MAX], closed_count;
static int renewed_in_child[DESCRIPTORS_MAX], renewed_count;
static int loop_is_kept;

/* slotWindow(): the page over which each child maps its own slot, so that what is built on it works in every child. */
static napi_value slot_window(napi_env env, napi_callback_info info) {
  (void)info;
  void *page = mmap(NULL, FK_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return int_value(env, -errno);
  fk_worker.slot = page;
  return memory_value(env, page, FK_PAGE);
}

/* configureWorkers(memfd, supervisor, listeners, timeouts, limits): timeouts of idle, session, drain; limits by fk_limit. */
static napi_value configure_workers(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  memfd = int_argument(&a, 0);
  fk_worker.supervisor = int_argument(&a, 1);
  fk_worker.zygote = getpid();
  fk_worker.listener_count = ints_argument(&a, 2, fk_worker.listeners, FK_LISTENERS_MAX);
  double timeouts[3];
  doubles_argument(&a, 3, timeouts, 3);
  fk_worker.idle_timeout_ms = timeouts[0];
  fk_worker.session_timeout_ms = timeouts[1];
  fk_worker.drain_timeout_ms = timeouts[2];
  doubles_argument(&a, 4, fk_worker.limits, FK_LIMITS);
  napi_get_uv_event_loop(env, &loop);
  return int_value(env, fk_title_find());
}

/*
 * prepareFork(close, renew, keepsLoop): how many threads are running, or -errno. Children close the descriptors of the
 * first list; over those of the second, event descriptors by which others are woken who do not exist there, they put one
 * of their own. Those that need no event loop save themselves the trouble of renewing it.
 */
static napi_value prepare_fork(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  closed_count = ints_argument(&a, 0, closed_in_child, DESCRIPTORS_MAX);
  renewed_count = ints_argument(&a, 1, renewed_in_child, DESCRIPTORS_MAX);
  loop_is_kept = int_argument(&a, 2);
  return int_value(env, fk_fork_prepare());
}

static void shed_descriptors(void) {
  for (int i = 0; i < closed_count; i++) close(closed_in_child[i]);
  if (renewed_count == 0) return;
  int own = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  for (int i = 0; i < renewed_count; i++) dup3(own, renewed_in_child[i], O_CLOEXEC);
  close(own);
}

static void start_worker(int slot, int generation, int fork_number) {
  if (!fk_scoreboard_map(memfd, (uint64_t)(slot + 1) * FK_PAGE, FK_PAGE, fk_worker.slot)) _exit(111);
  signal(SIGCHLD, SIG_DFL);
  if (fk_worker_occupy(generation, fork_number) != 0) _exit(0); /* no zygote any more: the slot may be another's */
  shed_descriptors();
  fk_title_set("forkd: worker");
  if (loop_is_kept && uv_loop_fork(loop) != 0) _exit(111);
  if (fk_worker_limit() != 0) _exit(111);
}

/* ringAtFirst(): whoever is forked rings when it waits for its first connection. */
static napi_value ring_at_first(napi_env env, napi_callback_info info) {
  (void)env, (void)info;
  fk_worker.rings_at_first = 1;
  return NULL;
}

/* takeImage(): 0, or -errno. */
static napi_value take_image(napi_env env, napi_callback_info info) {
  (void)info;
  return int_value(env, fk_fork_take_image());
}

/* fork(slot, generation, forkNumber): the child's pid, 0 in the child, or -errno. */
static napi_value fork_worker(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  fk_worker_block_signals(); /* the child unblocks them once it can take them */
  atomic_fetch_add(&fk_worker.header->idle, 1);
  pid_t pid = fk_fork();
  if (pid == 0) {
    start_worker(int_argument(&a, 0), int_argument(&a, 1), int_argument(&a, 2));
    return int_value(env, 0);
  }
  if (pid < 0) atomic_fetch_sub(&fk_worker.header->idle, 1);
  fk_worker_unblock_signals();
  return int_value(env, pid);
}

static napi_value backend_descriptor(napi_env env, napi_callback_info info) {
  (void)info;
  struct uv_loop_s *of_node;
  napi_get_uv_event_loop(env, &of_node);
  return int_value(env, uv_backend_fd(of_node));
}

/* fillRandom(bytes): from the kernel, getrandom(2). */
static napi_value fill_random(napi_env env, napi_callback_info info) {
  struct arguments a = arguments_of(env, info);
  size_t length;
  void *bytes = bytes_argument(&a, 0, &length);
  return int_value(env, getrandom(bytes, length * sizeof(uint32_t), 0));
}

void export_zygote(napi_env env, napi_value exports) {
  set_function(env, exports, "slotWindow", slot_window);
  set_function(env, exports, "configureWorkers", configure_workers);
  set_function(env, exports, "prepareFork", prepare_fork);
  set_function(env, exports, "ringAtFirst", ring_at_first);
  set_function(env, exports, "takeImage", take_image);
  set_function(env, exports, "fork", fork_worker);
  set_function(env, exports, "backendDescriptor", backend_descriptor);
  set_function(env, exports, "fillRandom", fill_random);
}
