#define _GNU_SOURCE
#include "support.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../sys/worker.h"
#include "test.h"

void *shared(size_t size) {
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  return memory;
}

pid_t child(void) {
  pid_t pid = fork();
  CHECK(pid >= 0);
  return pid;
}

int end_of(pid_t pid) {
  int status;
  pid_t got;
  do got = waitpid(pid, &status, 0);
  while (got < 0 && errno == EINTR);
  CHECK(pid == -1 ? got > 0 : got == pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int read_proc(const char *path, char *text, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t length = read(fd, text, size - 1);
  close(fd);
  text[length > 0 ? length : 0] = 0;
  return length > 0;
}

int is_asleep(pid_t pid) {
  char path[64], text[512];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  if (!read_proc(path, text, sizeof text)) return 0;
  const char *after_name = strrchr(text, ')');
  return after_name && (after_name[2] == 'S' || after_name[2] == 'Z');
}

int sleeps_in(pid_t pid, pid_t thread, long call, size_t *argument) {
  char path[64], text[256];
  snprintf(path, sizeof path, "/proc/%d/task/%d/syscall", pid, thread);
  if (!read_proc(path, text, sizeof text)) return 0;
  long number;
  size_t first;
  if (sscanf(text, "%ld %zx", &number, &first) != 2 || number != call) return 0;
  if (argument) *argument = first;
  return 1;
}

int descriptors(void) {
  DIR *folder = opendir("/proc/self/fd");
  CHECK(folder);
  int count = 0;
  while (readdir(folder)) count++;
  closedir(folder);
  return count - 3; /* ".", "..", and the folder's own */
}

int is_open(int fd) { return fcntl(fd, F_GETFD) >= 0; }

int is_close_on_exec(int fd) { return fcntl(fd, F_GETFD) == FD_CLOEXEC; }

int listen_locally(void) {
  int fd = fk_listen_tcp(FK_IPV4, "127.0.0.1", 0, 0, 128);
  CHECK(fd >= 0);
  return fd;
}

unsigned short port_of(int fd) {
  struct fk_name name;
  CHECK_EQUAL(fk_local_name(fd, &name), 0);
  return name.port;
}

int connect_to(int listener) {
  struct sockaddr_storage address;
  socklen_t length = sizeof address;
  CHECK(getsockname(listener, (struct sockaddr *)&address, &length) == 0);
  int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(fd >= 0);
  int connected;
  do connected = connect(fd, (struct sockaddr *)&address, length);
  while (connected < 0 && errno == EINTR);
  CHECK(connected == 0);
  return fd;
}

void tcp_pair(int ends[2]) { CHECK_EQUAL(fk_tcp_pair(ends), 0); }

void unix_pair(int ends[2]) { CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0); }

void reset(int fd) {
  struct linger at_once = {.l_onoff = 1};
  CHECK(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
  close(fd);
}

const char *make_folder(void) {
  static char folder[64];
  strcpy(folder, "/tmp/forkd-test-XXXXXX");
  CHECK(mkdtemp(folder));
  return folder;
}

void remove_folder(const char *folder) { CHECK(rmdir(folder) == 0); }

void stage_worker(const int *listeners, int count) {
  int memfd = fk_scoreboard_create(1);
  CHECK(memfd >= 0);
  fk_worker.header = fk_scoreboard_map(memfd, 0, FK_PAGE, NULL);
  fk_worker.slot = fk_scoreboard_map(memfd, FK_PAGE, FK_PAGE, NULL);
  close(memfd);
  CHECK(fk_worker.header && fk_worker.slot);
  fk_worker.supervisor = getppid();
  fk_worker.zygote = getpid();
  fk_worker.listener_count = count;
  for (int i = 0; i < count; i++) fk_worker.listeners[i] = listeners[i];
  fk_worker.connection = -1;
  fk_worker.idle_timeout_ms = fk_worker.session_timeout_ms = 0;
  fk_worker.drain_timeout_ms = 10000;
  for (int i = 0; i < FK_LIMITS; i++) fk_worker.limits[i] = -1;
}

struct fk_slot *slot(void) { return fk_worker.slot; }

int state(void) { return atomic_load(&slot()->state); }

pid_t fork_worker(void) {
  fk_worker_block_signals();
  atomic_fetch_add(&fk_worker.header->idle, 1);
  atomic_store(&fk_worker.slot->outcome, FK_NONE);
  atomic_store(&fk_worker.slot->state, FK_STARTING);
  pid_t pid = child();
  if (pid == 0) CHECK_EQUAL(fk_worker_start(), 0);
  else fk_worker_unblock_signals();
  return pid;
}

void be_worker(void) {
  stage_worker(NULL, 0);
  fk_worker.zygote = getppid();
  CHECK_EQUAL(fk_worker_start(), 0);
  atomic_store(&fk_worker.slot->state, FK_BUSY);
}

int is_mapped(const void *at) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  int written = write(ends[1], at, 1) == 1;
  CHECK(written || errno == EFAULT);
  close(ends[0]);
  close(ends[1]);
  return written;
}
