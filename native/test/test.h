/*
 * A harness on a page. Each test runs in a process of its own, in a process group of its own, which is killed when the
 * test has ended: it may take signals, fork and exit as it likes. It passes if it returns and no check has failed, its
 * children's checks included as long as it looks at how they end.
 */
#ifndef FORKD_TEST_H
#define FORKD_TEST_H

#include <stddef.h>
#include <sys/types.h>

/* TEST(what_is_so) { ... } defines a test and puts it on the list. */
#define TEST(name)                                                                                       \
  static void name(void);                                                                                \
  __attribute__((constructor)) static void list_##name(void) { test_list(__FILE__, #name, name); }       \
  static void name(void)

/* A fact that does not hold ends the process with status 1. */
#define CHECK(fact) test_check(!!(fact), #fact, __FILE__, __LINE__)
#define CHECK_EQUAL(is, wanted) test_check_equal((long long)(is), (long long)(wanted), #is, __FILE__, __LINE__)
#define CHECK_TEXT(is, wanted) test_check_text((is), (wanted), #is, __FILE__, __LINE__)

/* A fact that will hold, if all is well: the harness's patience is the limit. */
#define WAIT_FOR(fact) \
  while (!(fact)) test_nap()

void test_list(const char *file, const char *name, void (*run)(void));
void test_check(int holds, const char *fact, const char *file, int line);
void test_check_equal(long long is, long long wanted, const char *what, const char *file, int line);
void test_check_text(const char *is, const char *wanted, const char *what, const char *file, int line);
void test_nap(void);

/* Ends the test: what it needs is not to be had on this machine. */
void test_skip(const char *why) __attribute__((noreturn));

#endif
